/** A Report model -> Markdown, HTML, terminal, inside a byte budget. */
export { annotations } from './annotations.ts';
export { type Budget, CHECK_BUDGET, COMMENT_BUDGET, SUMMARY_BUDGET } from './budget.ts';
export {
  type CommentOptions,
  type CommentVerdict,
  foldVerdict,
  renderComment,
  showsLater,
} from './comment.ts';
export { confusionTable } from './confusion-table.ts';
export { sparkline } from './figures.ts';
export { type HtmlOptions, renderHtml } from './html.ts';
export { parseReport, renderJson } from './json.ts';
export { type MarkdownOptions, OPEN_FROM, renderMarkdown } from './markdown.ts';
export { marker } from './marker.ts';
export { Block, Chart, Finding, Graph, Inline, Report, Section, Status, Text } from './model.ts';
export { capped, grouped, oneLine } from './plain-text.ts';
export type { Source } from './repeat.ts';
export { worstStatus } from './status.ts';
export { renderTerminal, type TerminalOptions } from './terminal.ts';
