/** Where every action leaves its reports for the steps after it; never committed. */
export const REPORTS_FOLDER = '.rastro/reports';
/** The page that the comment action writes for a browser, relative to the workspace. */
export const HTML_REPORT = '.rastro/report.html';
