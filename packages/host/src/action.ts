import { realpath } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import * as core from '@actions/core';
import { ExitCode, type Explanation, explain, type Fault, fault, InputError, showPlace } from '@rastro/fault';
import { annotations, type Finding, type Report, renderMarkdown, SUMMARY_BUDGET } from '@rastro/report';
import { type Outcome, type Ports, readRequest } from '@rastro/usecases';
import type { z } from 'zod';
import { actionContext } from './environment.ts';
import type { ActionInputs } from './inputs.ts';
import { saveReports } from './saved-reports.ts';
import { seenExplanation, seenPath, type Viewpoint } from './seen-paths.ts';
import { wirePorts } from './wiring.ts';

/**
 * Runs a use case as an action: strict inputs, the use case, then summary, outputs and annotations, and only then the
 * step's failure. Never throws: an error becomes annotations and the exit code of its class.
 *
 * @param present what the record says as outputs of the step.
 */
export async function runAction<S extends z.ZodObject, T>(
  inputs: ActionInputs<S>,
  useCase: (request: z.output<S>, ports: Ports) => Promise<Outcome<T>>,
  present: (record: T, outcome: Outcome<T>) => Record<string, string | number | boolean>,
): Promise<void> {
  const from = resolve(process.env.GITHUB_WORKSPACE || '.');
  let root = from;
  try {
    const { workingDirectory, token, ...request } = readRequest(
      inputs.schema,
      inputTexts(),
      'input',
    ) as Record<string, unknown>;
    if (token) core.setSecret(String(token));
    root = await insideOf(from, String(workingDirectory));
    const wired = await wirePorts({
      directory: root,
      context: () => actionContext(process.env),
      token: token ? String(token) : undefined,
      apiUrl: process.env.GITHUB_API_URL,
      progress: { step: (message) => core.info(message) },
      onRunner: true,
      output: process.stdout,
    });
    try {
      const outcome = await useCase(request as z.output<S>, wired.ports);
      await saveReports(wired.ports, outcome.reports);
      await publish(outcome.reports, { root, from });
      for (const [name, value] of Object.entries({
        verdict: outcome.status,
        ...present(outcome.record, outcome),
      }))
        core.setOutput(name, value);
      if (outcome.status === 'breach') fail(outcome.reports, outcome.exitCode);
    } finally {
      await wired.close();
    }
  } catch (error) {
    const explanation = seenExplanation(explain(error), { root, from });
    for (const one of explanation.faults) core.error(words(one), annotationOf(one));
    if (explanation.stack) core.info(explanation.stack);
    await writeSummary(explanationMarkdown(explanation));
    process.exitCode = explanation.exitCode;
  }
}

const annotate: Record<Finding['severity'], (message: string, where: core.AnnotationProperties) => void> = {
  error: core.error,
  warning: core.warning,
  notice: core.notice,
};

async function publish(reports: readonly Report[], viewpoint: Viewpoint): Promise<void> {
  const [first] = reports;
  if (!first) return;
  const findings = reports.flatMap((report) => report.findings);
  // The verdict of each report that failed is an error of its own, the last.
  const reserved = reports.filter(({ verdict }) => verdict.status === 'fail').length;
  for (const { severity, message, ...where } of annotations({ ...first, findings }, { reserved }))
    annotate[severity](
      message,
      annotationPlace({ ...where, file: where.file && seenPath(where.file, viewpoint) }),
    );
  await writeSummary(renderMarkdown(reports, { budget: SUMMARY_BUDGET }));
}

/** Not every runner keeps summaries. */
async function writeSummary(markdown: string): Promise<void> {
  if (process.env.GITHUB_STEP_SUMMARY) await core.summary.addRaw(markdown, true).write();
}

function fail(reports: readonly Report[], exitCode: ExitCode = ExitCode.breach): void {
  const failed = reports.filter(({ verdict }) => verdict.status === 'fail');
  for (const { verb, subject, verdict } of failed)
    core.error(verdict.sentence, { title: `${verb}: ${subject}` });
  process.exitCode = exitCode;
}

/** A folder below the workspace, also once links are followed: a pull request may bring one. */
async function insideOf(workspace: string, folder: string): Promise<string> {
  const directory = resolve(workspace, folder);
  // One that is not there is told as such by whoever opens it.
  const real = (path: string) => realpath(path).catch(() => path);
  if (isBelow(workspace, directory) && isBelow(await real(workspace), await real(directory)))
    return directory;
  throw new InputError(
    fault(
      'path-outside',
      `working-directory: ${folder} leads outside the workspace`,
      undefined,
      'Give a folder of the repository, relative to its root.',
    ),
  );
}

function isBelow(workspace: string, directory: string): boolean {
  return !/^\.\.([\\/]|$)/.test(relative(workspace, directory));
}

/** The texts of a step's `with:`, by lower-case name. */
function inputTexts(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env)
      .filter(([name]) => name.startsWith('INPUT_'))
      .map(([name, text]) => [name.slice('INPUT_'.length).toLowerCase(), (text ?? '').trim()]),
  );
}

function words({ message, next }: Fault): string {
  return next ? `${message}. ${next}` : message;
}

function annotationOf({ code, place }: Fault): core.AnnotationProperties {
  return annotationPlace({ title: code, file: place?.file, line: place?.line, column: place?.column });
}

function annotationPlace(where: {
  title?: string | undefined;
  file?: string | undefined;
  line?: number | undefined;
  column?: number | undefined;
}): core.AnnotationProperties {
  return {
    ...(where.title ? { title: where.title } : {}),
    ...(where.file ? { file: where.file } : {}),
    ...(where.line ? { startLine: where.line } : {}),
    ...(where.column ? { startColumn: where.column } : {}),
  };
}

function explanationMarkdown({ faults }: Explanation): string {
  return renderMarkdown(
    [
      {
        schema: 'rastro/report/v1',
        verb: 'error',
        subject: '',
        verdict: { status: 'fail', sentence: faults[0]?.message ?? '' },
        sections: [
          {
            id: 'errors',
            title: 'What is wrong',
            importance: 100,
            blocks: [
              {
                kind: 'list',
                items: faults.map((one) => [
                  ...(one.place ? [{ code: showPlace(one.place) }, ' '] : []),
                  words(one),
                ]),
              },
            ],
          },
        ],
        findings: [],
      },
    ],
    { budget: SUMMARY_BUDGET },
  );
}
