import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';

const seen = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('INPUT_')));
appendFileSync(
  process.env.GITHUB_OUTPUT,
  `seen<<END\n${JSON.stringify(seen)}\nsecond=line\nEND\nplain=a=b<<c\n`,
);
appendFileSync(process.env.GITHUB_STEP_SUMMARY, '# Summary\n');
appendFileSync(process.env.GITHUB_ENV, 'MODEL=churn\n');
appendFileSync(process.env.GITHUB_STATE, 'started=1\n');
const event = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8'));
console.log(`event ${event.action ?? 'none'} canary ${process.env.CANARY ?? 'absent'}`);
console.log('::error file=data/a.csv,line=3,col=2,title=range%3A x%2Cy::first%0Asecond 100%25');
console.log('::stop-commands::token\n::warning::not a command\n::token::');
console.log('text ::warning::not at the start');
if (process.env.WAIT) {
  writeFileSync('started', '');
  setInterval(() => {}, 1000);
} else {
  process.exitCode = 3;
}
