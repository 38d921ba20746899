// The controls of one machine: sliders that report while they are dragged, and choices.
// One request is in flight at a time; the next leaves when the server's echo is back.

const panels = new WeakMap();

export default function (component) {
  const { data, parentElement } = component;
  let panel = panels.get(parentElement);
  if (!panel) {
    panel = new Panel(parentElement);
    panels.set(parentElement, panel);
  }
  panel.update(data, component);
  return () => {
    panel.dispose();
    panels.delete(parentElement);
  };
}

const SHORTEST_MS = 33;  // no more than 30 reports a second
const STALE_MS = 1500;
const TRIES = 3;  // how often a change is sent that no answer comes to
const REST_MS = 250;

class Panel {
  constructor(parent) {
    this.form = document.createElement("div");
    this.form.className = "panel";
    this.form.role = "group";
    parent.appendChild(this.form);
    this.rows = new Map();
    this.unanswered = new Map();
    this.serial = 0;
    this.lastSent = 0;
  }

  dispose() {
    for (const timer of [this.timer, this.retry, this.rest]) clearTimeout(timer);
    this.form.remove();
  }

  update(data, component) {
    this.component = component;
    this.form.ariaLabel = data.label;
    const shape = JSON.stringify(data.rows.map(({ value, ...row }) => row));
    if (shape !== this.shape) this.build(data.rows);
    this.shape = shape;
    if (data.echo === this.sent) this.landed();
    for (const { id, value } of data.rows)
      if (!this.wanted.has(id) && !this.unanswered.has(id) && this.held !== id)
        this.rows.get(id).show(value);
  }

  // Other rows, or the same with other limits: what has not been sent yet, and the focus, stay.
  build(rows) {
    const focused = this.form.contains(document.activeElement) ? document.activeElement.id : "";
    const pending = new Map([...this.unanswered, ...(this.wanted ?? [])]);
    this.form.replaceChildren();
    this.rows.clear();
    this.wanted = new Map();
    for (const row of rows) {
      const made = row.kind === "range" ? this.range(row) : this.choice(row);
      this.rows.set(row.id, made);
      this.form.appendChild(made.element);
      if (!pending.has(row.id)) continue;
      if (!this.unanswered.has(row.id)) this.wanted.set(row.id, pending.get(row.id));
      made.show(pending.get(row.id).value);
    }
    if (focused) this.form.querySelector(`#${CSS.escape(focused)}`)?.focus();
  }

  range({ id, label, unit, min, max, step, help }) {
    const element = document.createElement("div");
    element.className = "row";
    element.title = help;
    element.innerHTML = `<label></label><button type="button" class="less">−</button>
      <input type="range"><button type="button" class="more">+</button><output></output>`;
    const [name, less, input, more, output] = element.children;
    name.textContent = label;
    Object.assign(input, { min, max, step, id: `r-${id}`, ariaLabel: label });
    name.htmlFor = input.id;
    less.ariaLabel = `Less ${label}`;
    more.ariaLabel = `More ${label}`;
    const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
    const show = (value) => {
      input.value = value;
      const text = `${Number(value).toFixed(digits)}${unit}`;
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
      input.style.setProperty("--part", `${(100 * (value - min)) / (max - min)}%`);
    };
    const tell = (dragging) => {
      show(input.value);
      this.want(id, Number(input.value), dragging);
      clearTimeout(this.rest);  // a hand, or a key, that rests wants the whole picture
      if (dragging) this.rest = setTimeout(() => this.want(id, Number(input.value), false), REST_MS);
    };
    input.oninput = () => tell(true);
    input.onpointerdown = () => { this.held = id; };
    input.onpointerup = input.onpointercancel = () => { this.held = null; tell(false); };
    less.onclick = () => { input.stepDown(10 * step > max - min ? 1 : 5); tell(true); };
    more.onclick = () => { input.stepUp(10 * step > max - min ? 1 : 5); tell(true); };
    return { element, show };
  }

  choice({ id, label, options, help }) {
    const element = document.createElement("div");
    element.className = "row";
    element.title = help;
    element.innerHTML = `<label></label><select></select>`;
    const [name, select] = element.children;
    name.textContent = label;
    select.id = `r-${id}`;
    name.htmlFor = select.id;
    for (const option of options) select.add(new Option(option.text, option.value));
    select.onchange = () => this.want(id, select.value, false);
    return { element, show: (value) => { select.value = value; } };
  }

  want(id, value, dragging) {
    this.wanted.set(id, { value, dragging });
    this.send();
  }

  send() {
    if (this.flying || !this.wanted.size) return;
    const wait = this.lastSent + SHORTEST_MS - performance.now();
    clearTimeout(this.timer);
    if (wait > 0) {
      this.timer = setTimeout(() => this.send(), wait);
      return;
    }
    this.flying = true;
    this.lastSent = performance.now();
    this.sent = `${Date.now()}.${++this.serial}`;
    const changes = Object.fromEntries([...this.wanted].map(([id, { value }]) => [id, value]));
    const dragging = [...this.wanted.values()].some((change) => change.dragging);
    this.unanswered = new Map(this.wanted);
    this.wanted.clear();
    this.component.setStateValue("change", { changes, dragging, serial: this.sent });
    this.retry = setTimeout(() => this.lost(), STALE_MS);
  }

  landed() {
    this.tries = 0;
    this.next();
  }

  // A page that is being redrawn can drop what it is told: it is told again.
  lost() {
    this.tries = (this.tries ?? 0) + 1;
    if (this.tries < TRIES)
      for (const [id, change] of this.unanswered)
        if (!this.wanted.has(id)) this.wanted.set(id, change);
    this.next();
  }

  next() {
    clearTimeout(this.retry);
    this.unanswered = new Map();
    this.flying = false;
    this.send();
  }
}
