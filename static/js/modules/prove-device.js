/* Check-in: this browser's key signs. Without a secure address or a key store the page says how to go on. */
import { sign } from "../lib/device-key.js";
import { Proving } from "../lib/proving.js";

export default class ProveDevice {
  constructor(root) {
    this.proving = new Proving(root, () => (window.isSecureContext ? sign(root.dataset.attempt, root.dataset.nonce) : Promise.reject({ code: "insecure" })));
  }
}
