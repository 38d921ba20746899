// What each picture shows of each structure: a table whose cells are buttons.
// A chosen cell is reported as { structure, panel, serial }; a row's name has no panel.

const tables = new WeakMap();

export default function (component) {
  const { data, parentElement } = component;
  let table = tables.get(parentElement);
  if (!table) {
    table = new Table(parentElement);
    tables.set(parentElement, table);
  }
  table.update(data, component);
  return () => {
    table.frame.remove();
    tables.delete(parentElement);
  };
}

class Table {
  constructor(parent) {
    this.frame = document.createElement("div");
    this.frame.className = "frame";
    parent.appendChild(this.frame);
    this.frame.onkeydown = (event) => this.press(event);
  }

  update(data, component) {
    this.component = component;
    const shape = JSON.stringify([data.label, data.columns, data.groups]);
    if (shape !== this.shape) this.build(data);
    this.shape = shape;
    const [structure, panel] = data.chosen ?? [];
    for (const button of this.frame.querySelectorAll("button")) {
      const chosen = button.dataset.structure === structure && (button.dataset.panel ?? null) === (panel ?? null);
      button.setAttribute("aria-pressed", chosen);
    }
  }

  build({ label, columns, groups }) {
    const table = document.createElement("table");
    table.createCaption().textContent = label;
    const head = table.createTHead().insertRow();
    for (const [name, color] of [["Structure", ""], ...columns.map((c) => [c.name, c.color])]) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      if (color) cell.style.setProperty("--tint", color);
      head.appendChild(cell);
    }
    for (const group of groups) {
      const body = table.createTBody();
      const title = document.createElement("th");
      title.scope = "rowgroup";
      title.colSpan = columns.length + 1;
      title.textContent = group.name;
      body.insertRow().appendChild(title);
      for (const row of group.rows) this.row(body.insertRow(), row, columns);
    }
    this.frame.replaceChildren(table);
  }

  row(line, row, columns) {
    const name = document.createElement("th");
    name.scope = "row";
    name.appendChild(this.button(row.name, `Show ${row.name} in the model`, row.id));
    line.appendChild(name);
    row.cells.forEach((cell, n) => {
      const { name: picture, panel } = columns[n];
      const place = line.insertCell();
      place.dataset.column = picture;
      if (!cell) { place.textContent = "–"; return; }
      const button = this.button("", `${row.name}, ${picture}: ${cell.said}`, row.id, panel);
      button.className = cell.verdict;
      button.innerHTML = `<b></b> <span></span>`;
      button.firstChild.textContent = cell.text;
      button.lastChild.textContent = cell.reason;
      place.appendChild(button);
    });
  }

  button(text, label, structure, panel) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.ariaLabel = label;
    button.dataset.structure = structure;
    if (panel) button.dataset.panel = panel;
    button.onclick = () => this.component.setTriggerValue("cell",
      { structure, panel: panel ?? null, serial: `${Date.now()}` });
    return button;
  }

  // Arrow keys move between cells, so that a table of many buttons is not many Tabs away.
  press(event) {
    const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    const cell = event.target.closest?.("td, th");
    if (!step || !cell) return;
    const rows = [...this.frame.querySelectorAll("tbody tr")].filter((row) => row.querySelector("button"));
    const at = rows.indexOf(cell.parentElement);
    const row = rows[at + step[0]];
    row?.cells[cell.cellIndex + step[1]]?.querySelector("button")?.focus();
    event.preventDefault();
  }
}
