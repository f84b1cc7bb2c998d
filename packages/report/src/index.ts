/** A Report model -> Markdown, HTML, terminal, inside a byte budget. */
export { marker } from './marker.ts';
export { Block, Chart, Finding, Inline, Report, Section, Status, Text } from './model.ts';
