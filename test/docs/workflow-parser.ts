import { registerHooks } from 'node:module';

// The parser imports its schema as JSON without saying that it is JSON, which Node.js refuses.
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return specifier.endsWith('.json') ? { ...resolved, importAttributes: { type: 'json' } } : resolved;
  },
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import(
  '@actions/workflow-parser'
);
const { parseAction } = await import('@actions/workflow-parser/actions/action-parser');

/** What GitHub would refuse of an action.yml, in words; nothing when it is valid. */
export function actionErrors(text: string): string[] {
  const { context } = parseAction({ name: 'action.yml', content: text }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

/** What GitHub would refuse of a workflow file, in words; nothing when it is valid. */
export async function workflowErrors(text: string): Promise<string[]> {
  const { context, value } = parseWorkflow(
    { name: 'workflow.yml', content: text },
    new NoOperationTraceWriter(),
  );
  const refused = context.errors.getErrors().map(({ message }) => message);
  if (refused.length > 0 || !value) return refused;
  const { errors = [] } = await convertWorkflowTemplate(context, value);
  return errors.map(({ Message }) => Message);
}
