/* Check-in: the position of this device. */
import { askPosition } from "../lib/position.js";
import { Proving } from "../lib/proving.js";

export default class ProvePlace {
  constructor(root) {
    this.proving = new Proving(root, askPosition);
  }
}
