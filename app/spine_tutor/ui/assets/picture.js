// One simulated picture: a JPEG on a canvas, with the cross-hair, marks and the names under the
// cursor. `data` is one block of bytes: uint32 header length, JSON header, JPEG, label map.

const pictures = new WeakMap();

export default function (component) {
  const { data, parentElement } = component;
  let picture = pictures.get(parentElement);
  if (!picture) {
    picture = new Picture(parentElement);
    pictures.set(parentElement, picture);
  }
  picture.update(data, component);
  return () => {
    picture.dispose();
    pictures.delete(parentElement);
  };
}

const REST_MS = 250;
const STALE_MS = 1500;  // an answer lost on the way must not freeze the hand

class Picture {
  constructor(parent) {
    const figure = document.createElement("figure");
    figure.innerHTML = `
      <div class="stage"><canvas tabindex="0" role="img"></canvas>
        <div class="tip" hidden></div><div class="busy" hidden>simulating…</div>
        <button type="button" class="grow" aria-label="Show this picture on the whole screen" title="Whole screen">⤢</button></div>
      <figcaption><b></b><span class="pose"></span><span class="facts"></span></figcaption>
      <div class="live" role="status" aria-live="polite"></div>`;
    parent.appendChild(figure);
    const find = (selector) => figure.querySelector(selector);
    Object.assign(this, {
      figure, canvas: find("canvas"), tip: find(".tip"), name: find("figcaption b"), busy: find(".busy"),
      pose: find(".pose"), facts: find(".facts"), live: find(".live"), stage: find(".stage"),
    });
    find(".grow").onclick = () =>
      document.fullscreenElement ? document.exitFullscreen() : this.stage.requestFullscreen?.();
    const on = (name, handler) => this.canvas.addEventListener(name, handler);
    on("pointerdown", (e) => this.down(e));
    on("pointermove", (e) => this.move(e));
    on("pointerup", () => this.up());
    on("pointercancel", () => this.up());
    on("pointerleave", () => { this.tip.hidden = true; });
    on("keydown", (e) => this.press(e));
    this.resizer = new ResizeObserver(() => this.draw());
    this.resizer.observe(this.canvas);
    this.serial = 0;
    this.dragging = this.resting = false;
  }

  dispose() {
    this.resizer.disconnect();
    clearTimeout(this.retry);
    clearTimeout(this.rest);
    this.bitmap?.close();
    this.figure.remove();
  }

  async update(data, component) {
    this.component = component;
    const { header, jpeg, labels } = unpack(data);
    this.rescale(header.size);
    this.header = header;
    if (!this.dragging && !this.wanted) this.cross = header.cross;
    this.canvas.ariaLabel = header.alt;
    this.name.textContent = header.title;
    this.name.style.setProperty("--tint", header.color);
    this.pose.textContent = header.pose;
    this.facts.textContent = header.facts;
    this.stage.classList.toggle("answering", header.mode === "answer");
    this.canvas.dataset.key = header.key;
    if (header.echo === this.sent) this.landed();
    if (header.key !== this.key) {
      this.key = header.key;
      const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
      if (header.key !== this.key) return bitmap.close();  // a later picture overtook this one
      this.bitmap?.close();
      this.bitmap = bitmap;
      this.canvas.dataset.painted = header.key;
      this.canvas.dataset.size = header.size;
      this.canvas.dataset.at = String(performance.timeOrigin + performance.now());
      this.labels = null;
    }
    this.draw();
    if (!this.labels && header.labels) {
      const key = header.key;
      const stored = await inflate(labels);
      if (key === this.key) this.labels = { ...header.labels, cells: stored };
    }
  }

  // While it is moved a picture may come with fewer pixels; what the hand holds keeps its place.
  rescale(size) {
    if (!this.header || this.header.size === size) return;
    const scale = size / this.header.size;
    const moved = (place) => place &&
      { row: (place.row + 0.5) * scale - 0.5, column: (place.column + 0.5) * scale - 0.5 };
    this.cross = moved(this.cross);
    this.wanted = moved(this.wanted);
  }

  // -- drawing --------------------------------------------------------------------------------

  draw() {
    if (!this.bitmap) return;
    const scale = window.devicePixelRatio || 1;
    const side = Math.round(this.canvas.clientWidth * scale);
    if (!side) return;
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const paint = this.canvas.getContext("2d");
    paint.imageSmoothingQuality = "high";
    paint.drawImage(this.bitmap, 0, 0, side, side);
    const unit = side / this.header.size;
    const at = ({ row, column }) => [(column + 0.5) * unit, (row + 0.5) * unit];
    for (const outline of this.header.outlines)
      stroke(paint, outline.color, 1.5 * scale, () => path(paint, outline.points.map(
        ([row, column]) => at({ row, column }))));
    for (const mark of this.header.marks) this.mark(paint, mark, at(mark), scale);
    if (this.cross && this.header.mode !== "plain") this.crosshair(paint, at(this.cross), side, scale);
  }

  crosshair(paint, [x, y], side, scale) {
    const gap = 9 * scale, edge = 17 * scale;  // the marks at the borders stay readable
    const end = side - edge;
    const off = this.header.off;  // mm between the cross-hair and this slice
    const color = off > 1 ? "#ff9cc4" : "#ff5fa2";
    if (off > 1) paint.setLineDash([5 * scale, 5 * scale]);
    stroke(paint, color, 1.2 * scale, () => {
      for (const [x0, y0, x1, y1] of [[edge, y, x - gap, y], [x + gap, y, end, y], [x, edge, x, y - gap], [x, y + gap, x, end]]) {
        if (x0 > x1 || y0 > y1) continue;
        paint.moveTo(x0, y0);
        paint.lineTo(x1, y1);
      }
    });
    paint.setLineDash([]);
  }

  mark(paint, mark, [x, y], scale) {
    const radius = 11 * scale;
    stroke(paint, mark.color, 2 * scale, () => {
      if (mark.kind === "ring") paint.arc(x, y, radius, 0, 2 * Math.PI);
      else {
        paint.moveTo(x - radius, y - radius); paint.lineTo(x + radius, y + radius);
        paint.moveTo(x + radius, y - radius); paint.lineTo(x - radius, y + radius);
      }
    });
    if (!mark.text) return;
    paint.font = `${12 * scale}px system-ui, sans-serif`;
    paint.textAlign = x > 0.6 * paint.canvas.width ? "right" : "left";
    const side = paint.textAlign === "right" ? -1 : 1;
    paint.lineWidth = 3 * scale;
    paint.strokeStyle = "#000";
    paint.strokeText(mark.text, x + side * 1.4 * radius, y - radius);
    paint.fillStyle = mark.color;
    paint.fillText(mark.text, x + side * 1.4 * radius, y - radius);
  }

  // -- the hand -------------------------------------------------------------------------------

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const cell = (value, length) =>
      Math.max(0, Math.min(this.header.size - 1, (value / length) * this.header.size - 0.5));
    return { row: cell(event.clientY - box.top, box.height), column: cell(event.clientX - box.left, box.width) };
  }

  down(event) {
    if (!this.header || this.header.mode === "plain" || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus({ preventScroll: true });  // the place under the pointer stays
    this.dragging = true;
    this.go(this.place(event));
  }

  move(event) {
    if (!this.header) return;
    const here = this.place(event);
    this.say(here, event);
    if (this.dragging) this.go(here);
  }

  up() {
    if (!this.dragging) return;
    this.dragging = false;
    if (this.header.mode === "answer") this.answer();
    else this.go(this.cross);
  }

  press(event) {
    if (!this.header || this.header.mode === "plain") return;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (step) {
      const far = (event.shiftKey ? 0.05 : 0.01) * this.header.size;
      const clamp = (value) => Math.max(0, Math.min(this.header.size - 1, value));
      const from = this.cross ?? { row: this.header.size / 2, column: this.header.size / 2 };
      this.go({ row: clamp(from.row + far * step[0]), column: clamp(from.column + far * step[1]) });
      const name = this.named(this.cross);
      if (name) this.live.textContent = name;
    } else if (event.key === "Enter" && this.header.mode === "answer") this.answer();
    else return;
    event.preventDefault();
  }

  answer() {
    if (this.cross) this.component.setTriggerValue("answer", { ...this.cross, size: this.header.size });
  }

  // Moves the cross-hair here at once and tells the server when it is free to hear it.
  go(place) {
    this.cross = place;
    this.resting = false;
    this.draw();
    if (this.header.mode !== "cross") return;
    this.wanted = place;
    this.send();
    clearTimeout(this.rest);  // a hand that holds still wants the whole picture
    if (this.dragging) this.rest = setTimeout(() => { this.wanted = this.cross; this.resting = true; this.send(); }, REST_MS);
  }

  send() {
    if (this.flying || !this.wanted) return;
    this.flying = true;
    this.sent = `${Date.now()}.${++this.serial}`;
    const { row, column } = this.wanted;
    const { size } = this.header;
    this.wanted = null;
    this.component.setStateValue("cross", { row, column, size, dragging: this.dragging && !this.resting, serial: this.sent });
    this.retry = setTimeout(() => this.landed(), STALE_MS);
  }

  landed() {
    clearTimeout(this.retry);
    this.flying = false;
    this.send();
  }

  // -- names ----------------------------------------------------------------------------------

  named(place) {
    if (!this.labels || !this.header.names || !place) return "";
    const { shape: [layers, rows, columns], names, cells } = this.labels;
    const row = Math.floor(((place.row + 0.5) / this.header.size) * rows);
    const column = Math.floor(((place.column + 0.5) / this.header.size) * columns);
    const found = [];
    for (let layer = 0; layer < layers; layer++) {
      const name = names[cells[(layer * rows + row) * columns + column]];
      if (name && !found.includes(name)) found.push(name);
    }
    return found.join(" · ");
  }

  say(place, event) {
    const name = this.named(place);
    this.tip.hidden = !name;
    if (!name) return;
    this.tip.textContent = name;
    const box = this.stage.getBoundingClientRect();
    const x = Math.min(event.clientX - box.left + 12, box.width - this.tip.offsetWidth - 4);
    this.tip.style.transform = `translate(${Math.max(2, x)}px, ${Math.max(2, event.clientY - box.top - 28)}px)`;
  }
}

function unpack(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  const end = 4 + length + header.jpeg;
  return { header, jpeg: data.slice(4 + length, end), labels: data.slice(end) };
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint16Array(await new Response(stream).arrayBuffer());
}

function path(paint, points) {
  points.forEach(([x, y], i) => (i ? paint.lineTo(x, y) : paint.moveTo(x, y)));
}

// Twice: a dark halo below, so that the line keeps its contrast on bright bone and on dark fluid.
function stroke(paint, color, width, shape) {
  for (const [style, wide] of [["#000c", width + 1.6 * (window.devicePixelRatio || 1)], [color, width]]) {
    paint.beginPath();
    shape();
    paint.strokeStyle = style;
    paint.lineWidth = wide;
    paint.stroke();
  }
}
