/**
 * The only script of a page: sorts a table by the column whose heading is pressed, and opens what is folded before printing.
 * Without it the page is whole. Its hash stands in the page's policy, so nothing else can run.
 */
export const SCRIPT = `
for (const table of document.querySelectorAll('table')) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 2) continue;
  for (const head of table.tHead.rows[0].cells) {
    if (head.textContent.trim() === '') continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => sort(head, body));
  }
}
function sort(head, body) {
  const down = head.getAttribute('aria-sort') === 'ascending';
  for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const rows = [...body.rows].map((row) => {
    const text = row.cells[head.cellIndex].textContent.trim();
    return { row, text, number: Number.parseFloat(text.replaceAll(',', '')) };
  });
  const numeric = rows.every(({ text, number }) => text === '' || !Number.isNaN(number));
  const order = new Intl.Collator(undefined, { numeric: true }).compare;
  const low = (number) => (Number.isNaN(number) ? -Infinity : number);
  rows.sort((a, b) => numeric ? low(a.number) - low(b.number) || 0 : order(a.text, b.text));
  if (down) rows.reverse();
  body.append(...rows.map(({ row }) => row));
}
addEventListener('beforeprint', () => {
  for (const fold of document.querySelectorAll('details:not(.data)')) fold.open = true;
});
`;

/**
 * Draws the charts anew with uPlot, for a pointer to explore: values under the cursor, zoom by dragging, series shown and hidden.
 * The still drawing stays for screen readers, for paper, and where scripts do not run.
 */
export const PLOT_SCRIPT = `
const DASHES = [[], [7, 4], [2, 4], [9, 3, 2, 3], [14, 4], [4, 2]];
const round = (value) => String(Number(value.toPrecision(4)));
/* Series have points of their own: between two of its points a line says what is on it. */
function valueAt(xs, ys, at) {
  if (ys[at] != null) return ys[at];
  let before = at, after = at;
  while (before >= 0 && ys[before] == null) before--;
  while (after < ys.length && ys[after] == null) after++;
  if (before < 0 || after >= ys.length) return undefined;
  return ys[before] + (ys[after] - ys[before]) * (xs[at] - xs[before]) / (xs[after] - xs[before]);
}
function plot(figure) {
  const chart = JSON.parse(figure.dataset.plot);
  const frame = figure.querySelector('.plot');
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const { categories } = chart;
  const isBar = chart.type === 'bar';
  const data = uPlot.join(chart.series.map(({ points }) => [points.map(([x]) => x), points.map(([, y]) => y)]));
  const place = document.createElement('div');
  place.className = 'live';
  const readout = document.createElement('p');
  readout.className = 'readout';
  readout.setAttribute('role', 'status');
  const canvas = document.createElement('div');
  canvas.setAttribute('aria-hidden', 'true');
  frame.append(place);
  place.append(readout, canvas);
  /* All digits that tell one tick from the next, and none of what adding up leaves behind. */
  const exact = (u, splits) => splits.map((split) => String(Number(split.toPrecision(12))));
  const axis = (title, more) => ({
    label: title, stroke: color('--muted'), font: '12px system-ui', labelFont: '12px system-ui', labelSize: 22,
    grid: { stroke: color('--rule'), width: 1 }, ticks: { stroke: color('--rule'), width: 1 }, values: exact, ...more,
  });
  const every = categories ? Math.ceil(categories.length / 10) : 1;
  const say = (u) => {
    const at = u.cursor.idx;
    if (at == null) { readout.textContent = 'Point, or press ← and →, for values; drag to zoom, double-click to see all.'; return; }
    const x = u.data[0][at];
    const values = chart.series.map(({ name }, i) => {
      const value = u.series[i + 1].show ? valueAt(u.data[0], u.data[i + 1], at) : undefined;
      return value === undefined ? '' : name + ' ' + round(value);
    }).filter(Boolean);
    readout.textContent = [(categories ? categories[x] : chart.x + ' ' + round(x)), ...values].join('  ·  ');
  };
  const live = new uPlot({
    width: Math.max(300, frame.clientWidth), height: 280, legend: { show: false },
    cursor: { drag: { x: true, y: false } },
    scales: {
      x: { time: false, ...(categories ? { range: (u, low, high) => [Math.floor(low) - .5, Math.ceil(high) + .5] } : {}) },
      y: { range: (u, low, high) => {
        const [from, to] = uPlot.rangeNum(isBar ? Math.min(0, low ?? 0) : low ?? 0, high ?? 1, .1, true);
        return [chart.min ?? from, chart.max ?? to];
      } },
    },
    axes: [
      axis(chart.x, categories ? { splits: () => categories.map((_, i) => i).filter((i) => i % every === 0), values: (u, splits) => splits.map((i) => categories[i] ?? '') } : {}),
      axis(chart.y, { size: 64 }),
    ],
    series: [{}, ...chart.series.map(({ name }, i) => ({
      label: name, stroke: color('--s' + (i + 1)), width: 2.25, dash: DASHES[i], spanGaps: true,
      points: { show: categories !== undefined && !isBar },
      ...(isBar ? { paths: uPlot.paths.bars({ size: [.7, 120] }), fill: color('--s' + (i + 1)) } : {}),
    }))],
    hooks: { setCursor: [say], ready: [say] },
  }, data, canvas);
  figure.classList.add('drawn');
  return live;
}
/* By keyboard: from point to point with the arrows, to the ends with Home and End. */
function walk(live, event) {
  const xs = live.data[0], { min, max } = live.scales.x, step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const seen = xs.map((x, i) => i).filter((i) => xs[i] >= min && xs[i] <= max);
  const [first, last] = [seen[0], seen.at(-1)];
  const now = live.cursor.idx;
  let next;
  if (event.key === 'Home') next = first;
  else if (event.key === 'End') next = last;
  else if (step === undefined) return;
  else next = now == null ? (step > 0 ? first : last) : Math.min(last, Math.max(first, now + step));
  event.preventDefault();
  live.setCursor({ left: live.valToPos(xs[next], 'x'), top: live.over.clientHeight / 2 });
}
function enliven(figure) {
  let live = plot(figure);
  figure.querySelector('.plot').addEventListener('keydown', (event) => walk(live, event));
  const keys = [...figure.querySelectorAll('.legend li:not(.muted)')];
  if (keys.length > 1) keys.forEach((item, i) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('aria-pressed', 'true');
    button.append(...item.childNodes);
    item.append(button);
    button.addEventListener('click', () => {
      const show = button.getAttribute('aria-pressed') === 'false';
      button.setAttribute('aria-pressed', String(show));
      live.setSeries(i + 1, { show });
    });
  });
  const again = () => {
    live.destroy();
    figure.querySelector('.live').remove();
    live = plot(figure);
    keys.forEach((item, i) => { if (item.querySelector('button')?.getAttribute('aria-pressed') === 'false') live.setSeries(i + 1, { show: false }); });
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  let width = figure.clientWidth;
  new ResizeObserver(() => {
    if (figure.clientWidth === 0 || figure.clientWidth === width) return;
    width = figure.clientWidth;
    again();
  }).observe(figure);
}
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    enliven(target);
  }
}, { rootMargin: '200px' });
for (const figure of document.querySelectorAll('figure[data-plot]')) seen.observe(figure);
`;
