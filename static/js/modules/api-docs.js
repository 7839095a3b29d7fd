/* Draws the OpenAPI document with the program that this page has loaded: Swagger UI or ReDoc, both served by us. */

const INK = "#0b2e39";
const THEME = {
  colors: { primary: { main: INK }, text: { primary: INK } },
  typography: {
    fontSize: "16px", fontFamily: "inherit", headings: { fontFamily: "inherit", fontWeight: "700" },
    code: { fontFamily: "ui-monospace, monospace", color: INK, backgroundColor: "#eff3f1" }, links: { color: INK },
  },
  sidebar: { backgroundColor: "#eff3f1", textColor: INK },
  rightPanel: { backgroundColor: INK },
};

export default class ApiDocs {
  constructor(element) {
    const { program, document: address } = element.dataset;
    const place = element.ownerDocument.createElement("div");
    element.replaceChildren(place);
    if (program === "swagger") this.drawSwagger(address, place);
    else this.drawRedoc(address, place);
  }

  // With some 128 operations unfolded at once, Swagger UI 5.35.0 stops in the middle of the first group, without a word.
  drawSwagger(url, domNode) {
    window.SwaggerUIBundle({
      url, domNode, deepLinking: true, validatorUrl: null, docExpansion: "none", defaultModelsExpandDepth: 0,
      tryItOutEnabled: false, persistAuthorization: false,
    });
  }

  drawRedoc(url, place) {
    // Its search runs in a worker made of a text, which our policy refuses; the browser's own search finds all.
    window.Redoc.init(url, { disableSearch: true, hideDownloadButton: true, scrollYOffset: 0, theme: THEME }, place);
  }
}
