/** A Report model -> Markdown, HTML, terminal, inside a byte budget. */
export { Block, Chart, Finding, Inline, Report, Section, Status, Text } from './model.ts';
