// A turntable camera: the head stays up, so that a trainee cannot get lost.
// World is RAS: x right, y anterior, z cranial; angles in degrees.

const direction = (azimuth, elevation) => ({ azimuth, elevation });

// Azimuth 0 looks from behind (posterior), as at a prone patient; 90 from the patient's right.
export const PRESETS = {
  posterior: { short: "P", name: "behind (posterior)", ...direction(0, 0) },
  "left-oblique": { short: "P-L", name: "behind and left", ...direction(-35, 8) },
  "right-oblique": { short: "P-R", name: "behind and right", ...direction(35, 8) },
  left: { short: "L", name: "the left (lateral)", ...direction(-90, 0) },
  right: { short: "R", name: "the right (lateral)", ...direction(90, 0) },
  anterior: { short: "A", name: "the front (anterior)", ...direction(180, 0) },
  superior: { short: "H", name: "the head (cranial)", ...direction(0, 89) },
  inferior: { short: "F", name: "the feet (caudal)", ...direction(0, -89) },
  beam: { short: "C-arm", name: "the C-arm's detector" },
};

const RAD = Math.PI / 180;

export class Orbit {
  constructor(element, renderer, events) {
    Object.assign(this, { element, camera: renderer.getActiveCamera(), renderer, events });
    Object.assign(this, { azimuth: 0, elevation: 0, distance: 500, focal: [0, 0, 0] });
    this.aim = [0.5, 0.5];
    this.camera.setViewAngle(24);
    this.abort = new AbortController();
    const listen = (name, handler, options = {}) =>
      element.addEventListener(name, handler, { signal: this.abort.signal, ...options });
    listen("pointerdown", (e) => this.down(e));
    listen("pointermove", (e) => this.move(e));
    listen("pointerup", (e) => this.up(e));
    listen("pointercancel", () => { this.start = null; });
    listen("pointerleave", () => events.hovered(null));
    listen("wheel", (e) => { e.preventDefault(); this.zoom(Math.exp(e.deltaY * 0.0012)); }, { passive: false });
    listen("contextmenu", (e) => e.preventDefault());
    listen("keydown", (e) => this.key(e));
  }

  dispose() { this.abort.abort(); }

  fit(bounds) {
    const [x0, x1, y0, y1, z0, z1] = bounds;
    this.focal = [(x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2];
    const [width, height] = [this.element.clientWidth || 1, this.element.clientHeight || 1];
    const tall = z1 - z0, wide = Math.hypot(x1 - x0, y1 - y0);
    this.distance = 0.6 * Math.max(tall, (wide * height) / width, 60) / Math.tan(12 * RAD);
    this.home = this.distance;
  }

  look({ azimuth, elevation }, quiet) {
    Object.assign(this, { azimuth, elevation });
    if (!quiet) this.events.moved();
  }

  state() {
    const round = (value) => Math.round(value * 10) / 10;
    return {
      azimuth: round(this.azimuth), elevation: round(this.elevation),
      distance: round(this.distance), focal: this.focal.map(round),
    };
  }

  set(state) { Object.assign(this, state); }

  basis() {
    const a = this.azimuth * RAD, e = this.elevation * RAD;
    // towards the camera; azimuth 0 is behind the patient
    const to = [Math.sin(a) * Math.cos(e), -Math.cos(a) * Math.cos(e), Math.sin(e)];
    const right = [Math.cos(a), Math.sin(a), 0];
    const up = [
      to[1] * right[2] - to[2] * right[1], to[2] * right[0] - to[0] * right[2],
      to[0] * right[1] - to[1] * right[0],
    ];
    return { to, right, up };
  }

  place() {
    const { to, up } = this.basis();
    const [x, y, z] = this.focal;
    this.camera.setFocalPoint(x, y, z);
    this.camera.setPosition(
      x + to[0] * this.distance, y + to[1] * this.distance, z + to[2] * this.distance);
    this.camera.setViewUp(...up);
    this.camera.setClippingRange(Math.max(1, this.distance - 900), this.distance + 900);
  }

  // Returns where on the element, in CSS pixels, a world point is seen.
  project(point) {
    const { to, right, up } = this.basis();
    const from = point.map((value, i) => value - this.focal[i]);
    const along = (axis) => from[0] * axis[0] + from[1] * axis[1] + from[2] * axis[2];
    const { clientWidth, clientHeight } = this.element;
    const scale = clientHeight / (2 * Math.tan(12 * RAD) * (this.distance - along(to)));
    return [clientWidth / 2 + scale * along(right), clientHeight / 2 - scale * along(up)];
  }

  turn(azimuth, elevation) {
    this.azimuth = ((this.azimuth + azimuth + 540) % 360) - 180;
    this.elevation = Math.max(-89, Math.min(89, this.elevation + elevation));
    this.events.moved();
  }

  zoom(factor) {
    this.distance = Math.max(40, Math.min(3000, this.distance * factor));
    this.events.moved();
  }

  pan(dx, dy) {
    const scale = (2 * this.distance * Math.tan(12 * RAD)) / (this.element.clientHeight || 1);
    const { right, up } = this.basis();
    this.focal = this.focal.map((f, i) => f - scale * (dx * right[i] - dy * up[i]));
    this.events.moved();
  }

  place_of(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    this.element.setPointerCapture(event.pointerId);
    this.start = this.last = [event.clientX, event.clientY];
    this.dragged = false;
    this.panning = event.shiftKey || event.button === 2;
  }

  move(event) {
    if (!this.start) return this.events.hovered(...this.place_of(event));
    const [dx, dy] = [event.clientX - this.last[0], event.clientY - this.last[1]];
    const far = Math.hypot(event.clientX - this.start[0], event.clientY - this.start[1]);
    if (!this.dragged && far < 4) return;  // a click is allowed to tremble
    this.dragged = true;
    this.last = [event.clientX, event.clientY];
    if (this.panning) this.pan(dx, dy);
    else this.turn(-0.5 * dx, 0.5 * dy);
  }

  up(event) {
    if (this.start && !this.dragged && event.button === 0) this.events.clicked(...this.place_of(event));
    this.start = null;
  }

  // Arrows orbit; with Shift they move a reticle, and Enter picks what lies under it.
  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step && event.shiftKey) {
      this.aim = this.aim.map((value, i) => Math.max(0.02, Math.min(0.98, value + 0.02 * step[i])));
      this.events.reticle(...this.aim, false);
    } else if (step) this.turn(8 * step[0], -8 * step[1]);
    else if (event.key === "Enter") this.events.reticle(...this.aim, true);
    else if (event.key === "+" || event.key === "=") this.zoom(0.9);
    else if (event.key === "-") this.zoom(1.1);
    else return;
    event.preventDefault();
  }
}
