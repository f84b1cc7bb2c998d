import { AnnotateRequest, annotate } from './annotate.ts';
import { ApproveRequest, approve } from './approve.ts';
import { ExportRequest, exportContract, ImportRequest, importContract } from './contract-convert.ts';
import { InferRequest, inferFrom } from './contract-infer.ts';
import { DoctorRequest, doctor } from './doctor.ts';
import { InitRequest, init } from './init.ts';
import { LogRequest, log } from './log.ts';
import { PolicyCheckRequest, PolicyTestRequest, policyCheck, policyTest } from './policy.ts';
import { RegistryRequest, registryHistory, registryList, registryShow } from './registry-view.ts';
import { type Verb, verb } from './verb.ts';
import { DeprecateRequest, DeregisterRequest, deprecate, deregister } from './withdraw.ts';

/** What only the command line has, besides the verbs: looking things up, and what a person says. */
export const commands: readonly Verb[] = [
  verb(
    'init',
    'Write rastro.yaml, contracts and a workflow for the data of this repository.',
    InitRequest,
    init,
  ),
  verb('contract infer', 'Write a first contract from what data shows.', InferRequest, inferFrom, {
    arguments: ['data'],
  }),
  verb(
    'contract import',
    'Make a contract from an ODCS document or a Table Schema.',
    ImportRequest,
    importContract,
    { arguments: ['file'] },
  ),
  verb(
    'contract export',
    'Write a contract as an ODCS document or a Table Schema.',
    ExportRequest,
    exportContract,
    { arguments: ['contract'] },
  ),
  verb('registry list', 'List the models of this repository.', RegistryRequest, registryList, {
    arguments: ['model'],
    json: 'record',
  }),
  verb(
    'registry show',
    'Show the latest versions and who holds which stage; --json as "gto show" prints it.',
    RegistryRequest,
    registryShow,
    { arguments: ['model'], json: 'record' },
  ),
  verb(
    'registry history',
    'Show what happened to the models, latest first.',
    RegistryRequest,
    registryHistory,
    {
      arguments: ['model'],
      json: 'record',
    },
  ),
  verb('log', 'Show the trail: who did what and when, on which evidence.', LogRequest, log, {
    arguments: ['model'],
    json: 'record',
  }),
  verb(
    'policy check',
    'Explain rule by rule what the policy answers now; change nothing.',
    PolicyCheckRequest,
    policyCheck,
    { arguments: ['model', 'version', 'stage'] },
  ),
  verb('policy test', 'Ask the policy about the cases of its tests.', PolicyTestRequest, policyTest, {
    arguments: ['tests'],
  }),
  verb('approve', 'Approve a version for a stage, signed with your SSH key.', ApproveRequest, approve, {
    arguments: ['model', 'version', 'stage'],
  }),
  verb(
    'annotate',
    'Add a note or a correction to the trail; nothing is rewritten.',
    AnnotateRequest,
    annotate,
  ),
  verb('deregister', 'Withdraw a version, so that it cannot be promoted.', DeregisterRequest, deregister, {
    arguments: ['model', 'version'],
  }),
  verb('deprecate', 'Say that a model is not used any more.', DeprecateRequest, deprecate, {
    arguments: ['model'],
  }),
  verb(
    'doctor',
    'Find misconfiguration, score each principle and name the next step.',
    DoctorRequest,
    doctor,
  ),
];
