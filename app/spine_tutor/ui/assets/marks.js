// What the model shows beside its structures: lines in it, the cross-hair and the axes over it.

export const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);

const ARM_MM = 12;

// The pictures' planes and beams, and the needle.
export class Lines {
  constructor(vtk, renderer) {
    this.vtk = vtk;
    this.renderer = renderer;
    this.made = [];
  }

  show({ frames, needle }) {
    const lines = [];
    for (const { color, corners, axis } of frames) {
      lines.push({ color, width: 2, points: [...corners, corners[0]] });
      if (axis) lines.push({ color, width: 2, points: axis });
    }
    if (needle) lines.push({ color: "#ffffff", width: 5, points: needle });
    while (this.made.length < lines.length) this.made.push(this.make());
    this.made.forEach(({ poly, actor }, n) => {
      actor.setVisibility(n < lines.length);
      if (n >= lines.length) return;
      const { color, width, points } = lines[n];
      poly.getPoints().setData(Float32Array.from(points.flat()), 3);
      poly.getLines().setData(Uint32Array.from([points.length, ...points.keys()]));
      poly.modified();
      actor.getProperty().setColor(...rgb(color));
      actor.getProperty().setLineWidth(width);
    });
  }

  make() {
    const { Core } = this.vtk.Rendering;
    const poly = this.vtk.Common.DataModel.vtkPolyData.newInstance();
    const mapper = Core.vtkMapper.newInstance();
    mapper.setInputData(poly);
    const actor = Core.vtkActor.newInstance();
    actor.setMapper(mapper);
    actor.getProperty().set({ lighting: false });
    this.renderer.addActor(actor);
    return { poly, actor };
  }
}

// Where left, front and head are: the inside of an <svg>.
export function axes(orbit) {
  const marks = [["L", [-1, 0, 0]], ["A", [0, 1, 0]], ["H", [0, 0, 1]]];
  const { right, up } = orbit.basis();
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  return marks.map(([name, axis]) => {
    const x = 20 * dot(axis, right), y = -20 * dot(axis, up);
    if (Math.hypot(x, y) < 6) return "";  // it points at the eye
    return `<line x1="0" y1="0" x2="${x}" y2="${y}"/><text x="${1.35 * x}" y="${1.35 * y}">${name}</text>`;
  }).join("");
}

// The cross-hair is drawn over the model, so that bone does not hide it.
export function cross(svg, orbit, point) {
  const { clientWidth, clientHeight } = svg.parentElement;
  svg.setAttribute("viewBox", `0 0 ${clientWidth} ${clientHeight}`);
  const ends = !point ? [] : [0, 1, 2].map((axis) => [-1, 1].map((side) =>
    orbit.project(point.map((value, i) => value + (i === axis ? ARM_MM * side : 0)))));
  const arms = ends.map(([a, b]) => `M${a.map((v) => v.toFixed(1))}L${b.map((v) => v.toFixed(1))}`).join("");
  svg.innerHTML = `<path class="halo" d="${arms}"/><path d="${arms}"/>`;
}
