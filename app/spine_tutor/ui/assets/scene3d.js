// The 3-D model. Meshes come once from an immutable route; after that a step brings only what is
// shown, how, and where the cross-hair is. Picks go back as triggers, the camera debounced.
import { loadBundle, loadVtk } from "./bundle.js";
import { Lines, axes, cross, rgb } from "./marks.js";
import { Orbit, PRESETS } from "./orbit.js";

const scenes = new WeakMap();

export default function (component) {
  const { data, parentElement } = component;
  let scene = scenes.get(parentElement);
  if (!scene) {
    scene = new Scene(parentElement);
    scenes.set(parentElement, scene);
  }
  scene.update(data, component);
  return () => {
    scene.dispose();
    scenes.delete(parentElement);
  };
}

const REST_MS = 350;
const PROBES = 4;  // paints that are timed; the first compile shaders and load meshes
const SLOW_MS = 40;
const HIGHLIGHT = [70, 230, 255];  // unlike bone, nerve, muscle and vessel

class Scene {
  constructor(parent) {
    this.actors = new Map();
    this.id = Math.random().toString(36).slice(2);
    this.build(parent);
  }

  build(parent) {
    const frame = document.createElement("div");
    frame.className = "frame";
    frame.innerHTML = `
      <div class="view" tabindex="0" role="img"><div class="gl"></div>
        <div class="reticle" hidden></div><div class="tip" role="status" aria-live="polite" hidden></div>
        <svg class="marker" aria-hidden="true"></svg>
        <svg class="axes" width="64" height="64" viewBox="-32 -32 64 64" aria-hidden="true"></svg>
        <div class="hint" aria-hidden="true">drag turns · wheel zooms · click picks</div>
        <div class="wait">Loading the model…</div></div>
      <div class="presets" role="group" aria-label="Look from"></div>`;
    parent.appendChild(frame);
    const part = (name) => frame.querySelector("." + name);
    Object.assign(this, {
      frame, view: part("view"), gl: part("gl"), tip: part("tip"), axes: part("axes"), marker: part("marker"),
      wait: part("wait"), cross: part("reticle"), presets: part("presets"),
    });
    for (const [id, preset] of Object.entries(PRESETS)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = preset.short;
      button.title = button.ariaLabel = `Look from ${preset.name}`;
      button.dataset.camera = id;
      button.onclick = () => this.look(id);
      this.presets.appendChild(button);
    }
    this.view.addEventListener("pointerdown", () => part("hint").remove(), { once: true });
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(this.view);
  }

  async update(data, component) {
    this.component = component;
    const before = this.data;
    this.data = data;
    this.view.style.height = `${data.height}px`;
    this.view.ariaLabel = data.label;
    const beam = this.presets.querySelector("[data-camera=beam]");
    beam.hidden = !data.beam;
    if (!this.starting || before.bundle !== data.bundle) this.starting = this.start(data);
    try {
      await this.starting;
    } catch (error) {
      this.wait.hidden = false;
      this.wait.textContent = `The 3-D model cannot be shown: ${error.message}. Reload the page; ` +
        "if that does not help, the browser may lack WebGL 2. The pictures work without it.";
      return;
    }
    if (this.disposed) return;
    if (data !== this.data) return;  // a later step is already here
    this.apply(before);
  }

  async start(data) {
    const [vtk, bundle] = await Promise.all([loadVtk(data.vtk), loadBundle(data.bundle)]);
    if (this.disposed) return;
    if (!this.renderer) this.window(vtk);
    for (const { actor } of this.actors.values()) this.renderer.removeActor(actor);
    this.actors.clear();
    this.bundle = bundle;
    this.wait.hidden = true;
    this.shown = new Map();
    this.fresh = true;
  }

  window(vtk) {
    const { Core, OpenGL } = vtk.Rendering;
    this.vtk = vtk;
    this.probes = 0;
    this.renderWindow = Core.vtkRenderWindow.newInstance();
    this.renderer = Core.vtkRenderer.newInstance({ background: [0.035, 0.047, 0.063] });
    this.renderWindow.addRenderer(this.renderer);
    this.glWindow = OpenGL.vtkRenderWindow.newInstance();
    this.glWindow.setContainer(this.gl);
    this.renderWindow.addView(this.glWindow);
    this.picker = Core.vtkCellPicker.newInstance();
    this.picker.setPickFromList(true);
    this.picker.setTolerance(0);
    this.lines = new Lines(vtk, this.renderer);
    this.plane = vtk.Common.DataModel.vtkPlane.newInstance();
    this.orbit = new Orbit(this.view, this.renderer, {
      moved: () => this.moved(),
      clicked: (x, y) => this.pick(x, y),
      hovered: (x, y) => this.hover(x, y),
      reticle: (x, y, enter) => this.aim(x, y, enter),
    });
    this.resize();
  }

  // An actor is made when its structure is first shown.
  actor(id) {
    const known = this.actors.get(id);
    if (known) return known;
    const part = this.bundle.parts.get(id);
    if (!part) return null;
    const { vtk } = this;
    const { vtkPolyData } = vtk.Common.DataModel;
    const { vtkDataArray } = vtk.Common.Core;
    const poly = vtkPolyData.newInstance();
    poly.getPoints().setData(part.vertices, 3);
    poly.getPolys().setData(part.cells);
    poly.getPointData().setNormals(
      vtkDataArray.newInstance({ name: "n", numberOfComponents: 3, values: part.normals }));
    const colors = vtkDataArray.newInstance(
      { name: "c", numberOfComponents: 3, values: new Uint8Array(part.vertices.length) });
    poly.getPointData().setScalars(colors);
    const mapper = vtk.Rendering.Core.vtkMapper.newInstance();
    mapper.setInputData(poly);
    mapper.setColorModeToDirectScalars();
    const actor = vtk.Rendering.Core.vtkActor.newInstance();
    actor.setMapper(mapper);
    actor.getProperty().set({ ambient: 0.1, diffuse: 0.78, specular: 0.12, specularPower: 18 });
    this.renderer.addActor(actor);
    const made = { id, actor, mapper, colors, part, poly, marked: null };
    this.actors.set(id, made);
    this.paint(made, new Set());
    return made;
  }

  // Vertices take the tint of the part they lie on, or the highlight.
  paint(made, marked) {
    const key = [...marked].join();
    if (made.marked === key) return;
    made.marked = key;
    const values = made.colors.getData();
    const { labels } = this.bundle;
    for (let v = 0; v < made.part.vertexLabels.length; v++) {
      const label = labels[made.part.vertexLabels[v]];
      const lit = label && (marked.has(label.id) || marked.has(made.id));
      const color = lit ? HIGHLIGHT : label ? label.rgb : made.part.rgb;
      values.set(color, 3 * v);
    }
    made.colors.modified();
    made.poly.modified();
  }

  apply(before) {
    const { data } = this;
    const marked = new Set(data.highlight);
    for (const made of this.actors.values()) made.actor.setVisibility(made.id in data.show);
    this.picker.initializePickList();
    for (const [id, opacity] of Object.entries(data.show)) {
      const made = this.actor(id);
      if (!made) continue;
      made.actor.getProperty().setOpacity(opacity);
      made.actor.setVisibility(true);
      this.paint(made, marked);
      this.clip(made.mapper);
      if (opacity >= 0.3) this.picker.addPickList(made.actor);
    }
    this.lines.show(this.data);
    this.orbit.beam = data.beam;
    const camera = data.camera;
    const old = before?.camera;
    if (this.fresh || JSON.stringify(camera) !== JSON.stringify(old)) {
      if (this.fresh) this.orbit.fit(this.extent());
      this.fresh = false;
      if (typeof camera === "string") this.look(camera, true);
      else if (camera && camera.by !== this.id) this.orbit.set(camera);  // not our own echo
    }
    this.render(before !== undefined);
  }

  extent() {
    const bounds = [Infinity, -Infinity, Infinity, -Infinity, Infinity, -Infinity];
    for (const id of this.data.fit) {
      const b = this.actors.get(id)?.poly.getBounds();
      if (!b) continue;
      for (let i = 0; i < 3; i++) {
        bounds[2 * i] = Math.min(bounds[2 * i], b[2 * i]);
        bounds[2 * i + 1] = Math.max(bounds[2 * i + 1], b[2 * i + 1]);
      }
    }
    return Number.isFinite(bounds[0]) ? bounds : [-60, 60, -60, 60, -60, 60];
  }

  clip(mapper) {
    const { clip } = this.data;
    mapper.removeAllClippingPlanes();
    if (!clip) return;
    this.plane.setOrigin(...clip.origin);
    this.plane.setNormal(...clip.normal);
    mapper.addClippingPlane(this.plane);
  }

  // -- camera ---------------------------------------------------------------------------------

  look(id, quiet = false) {
    const direction = id === "beam" ? this.data.beam : PRESETS[id];
    if (!direction || !this.orbit) return;
    this.orbit.look(direction, quiet);
    for (const button of this.presets.children)
      button.ariaPressed = String(button.dataset.camera === id);
  }

  moved() {
    for (const button of this.presets.children) button.ariaPressed = "false";
    this.render();
    clearTimeout(this.report);
    this.report = setTimeout(
      () => this.component.setStateValue("camera", { ...this.orbit.state(), by: this.id }), 500);
  }

  // Without a graphics card a frame takes long. Then what the pictures' controls bring waits for a
  // rest, so that the pictures get the machine; the hand on the model itself is always followed.
  render(patient = false) {
    if (this.disposed) return;
    const wait = patient && this.slow ? REST_MS : 0;
    if (this.queued && !this.waits) return;
    clearTimeout(this.queued);
    this.waits = wait > 0;
    this.queued = setTimeout(() => requestAnimationFrame(() => this.paintNow()), wait);
  }

  paintNow() {
    this.queued = 0;
    if (this.disposed) return;
    const began = performance.now();
    this.orbit.place();
    this.renderWindow.render();
    this.axes.innerHTML = axes(this.orbit);
    cross(this.marker, this.orbit, this.data.point);
    if (this.probes < PROBES) {
      // Commands to a graphics card return before it has drawn: reading a pixel waits for it.
      this.probes += 1;
      const gl = this.glWindow.getContext();
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      this.slow = performance.now() - began > SLOW_MS;
    }
    const ended = performance.now();
    this.view.dataset.painted = String(Number(this.view.dataset.painted || 0) + 1);
    this.view.dataset.ms = (ended - began).toFixed(1);
  }

  resize() {
    if (!this.glWindow || this.disposed) return;
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const { clientWidth: width, clientHeight: height } = this.view;
    if (!width || !height) return;
    this.glWindow.setSize(Math.round(width * scale), Math.round(height * scale));
    this.render();
  }

  // -- picking --------------------------------------------------------------------------------

  at(x, y) {  // CSS pixels from the top left of the view
    const [width, height] = this.glWindow.getSize();
    const { clientWidth, clientHeight } = this.view;
    this.picker.pick([(x / clientWidth) * width, (1 - y / clientHeight) * height, 0], this.renderer);
    const cell = this.picker.getCellId();
    const actor = this.picker.getActors()[0];
    if (cell < 0 || !actor) return null;
    const made = [...this.actors.values()].find((m) => m.actor === actor);
    if (!made) return null;
    const label = this.bundle.labels[made.part.faceLabels[cell]];
    return {
      whole: made.id, part: label?.id ?? made.id, name: label?.name ?? made.part.name,
      point: [...this.picker.getPickPosition()],
    };
  }

  pick(x, y) {
    const hit = this.at(x, y);
    this.say(hit, x, y);
    if (hit) {
      const { whole, part, point } = hit;
      this.component.setTriggerValue("pick", { whole, part, point });
    }
  }

  hover(x, y) {
    if (this.hovering || !this.data?.names) return;
    this.hovering = setTimeout(() => { this.hovering = 0; }, 80);
    this.say(x === null ? null : this.at(x, y), x, y);
  }

  aim(x, y, enter) {
    const { clientWidth, clientHeight } = this.view;
    this.cross.hidden = false;
    this.cross.style.transform = `translate(${x * clientWidth}px, ${y * clientHeight}px)`;
    if (enter) this.pick(x * clientWidth, y * clientHeight);
    else if (this.data.names) this.say(this.at(x * clientWidth, y * clientHeight), x * clientWidth, y * clientHeight);
  }

  say(hit, x, y) {
    this.tip.hidden = !hit || !this.data.names;
    if (this.tip.hidden) return;
    this.tip.textContent = hit.name;
    const left = Math.min(x + 14, this.view.clientWidth - this.tip.offsetWidth - 6);
    this.tip.style.transform = `translate(${left}px, ${Math.max(4, y - 30)}px)`;
  }

  dispose() {
    this.disposed = true;
    clearTimeout(this.queued);
    clearTimeout(this.report);
    clearTimeout(this.hovering);
    this.resizer.disconnect();
    this.orbit?.dispose();
    for (const { actor, mapper, poly } of this.actors.values())
      for (const thing of [actor, mapper, poly]) thing.delete();
    this.renderer?.delete();
    this.renderWindow?.delete();
    this.glWindow?.get3DContext()?.getExtension("WEBGL_lose_context")?.loseContext();
    this.glWindow?.delete();
    this.frame.remove();
  }
}
