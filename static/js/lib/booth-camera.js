/* Which camera this booth uses, chosen by staff at the door and kept by this browser; never a voter's business. */
const KEY = "booth.camera";

/** {id, label} of the camera that staff chose, or null: then any camera will do. */
export function chosen() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept?.id ? kept : null;
  } catch {
    return null;
  }
}

/** Keeps the camera, or forgets it with null. */
export function choose(camera) {
  if (camera) localStorage.setItem(KEY, JSON.stringify({ id: camera.id, label: camera.label }));
  else localStorage.removeItem(KEY);
}

/** The cameras that are plugged in, [{id, label}]; the browser names them only after one was opened. */
export async function plugged() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId).map((device) => ({ id: device.deviceId, label: device.label }));
}
