/** Where every action leaves its reports for the steps after it; never committed. */
export const REPORTS_FOLDER = '.rastro/reports';
