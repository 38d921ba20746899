// Loads vtk.js and mesh bundles once a page, whichever component asks first.

const promises = (globalThis.__spineTutor ??= new Map());

function once(url, make) {
  if (!promises.has(url)) {
    const promise = make(new URL(url, document.baseURI).href);
    promises.set(url, promise);
    promise.catch(() => promises.delete(url));  // a failed fetch may be tried again
  }
  return promises.get(url);
}

export function loadVtk(url) {
  return once(url, (href) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = href;
    script.onload = () => resolve(globalThis.vtk);
    script.onerror = () => reject(new Error("vtk.js was not served"));
    document.head.appendChild(script);
  }));
}

// A bundle: "SPTM", uint32 length of a JSON header, the header, then for each part its vertices
// (float32), faces (uint16 or uint32) and a part label a face (uint16), each on 4 bytes.
export function loadBundle(url) {
  return once(url, async (href) => {
    const answer = await fetch(href);
    if (!answer.ok) throw new Error(`the meshes were not served (${answer.status})`);
    const buffer = await answer.arrayBuffer();
    const length = new DataView(buffer).getUint32(4, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    const labels = {};
    for (const [label, [id, name, color]] of Object.entries(header.labels))
      labels[label] = { id, name, rgb: bytes(color) };
    const parts = new Map();
    for (const part of header.parts) parts.set(part.id, unpack(part, buffer, 8 + length));
    return { labels, parts };
  });
}

const bytes = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

function unpack(part, buffer, base) {
  const vertices = new Float32Array(buffer, base + part.vertices[0], part.vertices[1]);
  const Index = part.wide ? Uint32Array : Uint16Array;
  const faces = new Index(buffer, base + part.faces[0], part.faces[1]);
  const faceLabels = new Uint16Array(buffer, base + part.labels[0], part.labels[1]);
  const cells = new Uint32Array(4 * faceLabels.length);
  const vertexLabels = new Uint16Array(vertices.length / 3);
  const normals = new Float32Array(vertices.length);
  for (let f = 0; f < faceLabels.length; f++) {
    const [a, b, c] = [faces[3 * f], faces[3 * f + 1], faces[3 * f + 2]];
    cells.set([3, a, b, c], 4 * f);
    vertexLabels[a] = vertexLabels[b] = vertexLabels[c] = faceLabels[f];
    addNormal(vertices, normals, a, b, c);
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i], normals[i + 1], normals[i + 2]) || 1;
    normals[i] /= length; normals[i + 1] /= length; normals[i + 2] /= length;
  }
  return { name: part.name, rgb: bytes(part.color), vertices, cells, normals, faceLabels, vertexLabels };
}

// The cross product is as long as the face is large, so that large faces count for more.
function addNormal(v, n, a, b, c) {
  a *= 3; b *= 3; c *= 3;
  const ux = v[b] - v[a], uy = v[b + 1] - v[a + 1], uz = v[b + 2] - v[a + 2];
  const wx = v[c] - v[a], wy = v[c + 1] - v[a + 1], wz = v[c + 2] - v[a + 2];
  const x = uy * wz - uz * wy, y = uz * wx - ux * wz, z = ux * wy - uy * wx;
  for (const i of [a, b, c]) { n[i] += x; n[i + 1] += y; n[i + 2] += z; }
}
