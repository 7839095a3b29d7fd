/* A camera that sees the page: a person who moves when the page asks, however slow the machine is. */
(pictures) => {
  const POSE_MS = 100, READS_MS = 600, PAUSE_MS = 2500;
  const load = url => Object.assign(new Image(), {src: url});
  const straight = load(pictures.straight);
  const moves = Object.fromEntries(Object.entries(pictures.moves).map(([name, urls]) => [name, urls.map(load)]));
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 480});
    const pen = canvas.getContext("2d");
    let asked = null, begun = 0;
    const draw = () => {
      const now = performance.now(), demand = document.querySelector("[data-move].here")?.dataset.move ?? null;
      const length = (moves[demand]?.length ?? 0) * POSE_MS + PAUSE_MS;
      if (demand !== asked || now - begun > length) [asked, begun] = [demand, now + READS_MS];
      pen.drawImage(moves[demand]?.[Math.floor((now - begun) / POSE_MS)] ?? straight, 0, 0);
      for (let spot = 0; spot < 40; spot += 1) { // no two pictures of a sensor are the same
        pen.fillStyle = `rgb(${Math.random() * 255} ${Math.random() * 255} ${Math.random() * 255} / 0.3)`;
        pen.fillRect(Math.random() * 640, 440 + Math.random() * 40, 16, 16);
      }
    };
    draw();
    const stream = canvas.captureStream(20);
    const timer = setInterval(() => stream.active ? draw() : clearInterval(timer), 50);
    return stream;
  };
}
