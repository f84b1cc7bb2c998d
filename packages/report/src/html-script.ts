/**
 * The only script of a page: sorts a table by the column whose heading is pressed, and opens what is folded before printing.
 * Without it the page is whole. Its hash stands in the page's policy, so nothing else can run.
 */
export const SCRIPT = `
for (const table of document.querySelectorAll('table')) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 2) continue;
  for (const head of table.tHead.rows[0].cells) {
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
