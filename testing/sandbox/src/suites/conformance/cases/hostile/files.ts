import { endsWith, failsFor, lastsAtMost, succeeds, succeedsWith } from '../../expectations.ts';
import { cancelWhenStarted, endsSoon, failsSoonWith, hostile } from './expectations.ts';

/** Jobs that fill everything they can write to, or replace it by links, pipes and devices. */
export const FILES = [
  hostile(
    "the agent's file is a link to /dev/zero",
    { 'ready-is-endless': failsSoonWith(3) },
    { quick: true },
  ),
  hostile("the agent's file is a pipe without a writer", { 'ready-is-a-pipe': failsSoonWith(3) }),
  hostile("the agent's file is a folder", { 'ready-is-a-folder': failsSoonWith(3) }),
  hostile("the agent's request pipe is removed", { 'requests-are-gone': endsSoon() }),
  hostile("the agent's request pipe is a file", { 'requests-are-a-file': endsSoon() }),
  hostile("the agent's request pipe is a device", { 'requests-are-a-device': endsSoon() }),
  hostile("the agent's request pipe is another pipe", { 'requests-are-a-pipe-of-its-own': endsSoon() }),
  hostile("the agent's folder is removed", { 'run-folder-is-gone': endsSoon() }),
  hostile("the agent's folder is a link to /", { 'run-folder-is-a-link': failsSoonWith(3) }),
  hostile("the agent's folder has thousands of entries", { 'run-folder-is-full': endsSoon('failed') }),
  hostile('the folders of later stages are links', { 'stages-are-links': endsSoon('failed') }),
  hostile("the agent's shells and tools are removed", { 'tools-are-gone': failsSoonWith(3) }),
  hostile('the agent and its tools are replaced by other programs', { 'tools-are-others': failsSoonWith(3) }),
  hostile("the job answers in the agent's place", { 'answer-is-forged': endsSoon() }),
  hostile('the exit code is an endless stream', { 'answer-is-flooded': endsSoon('failed') }),
  hostile("the job uses a stage's control pipe", { 'control-is-used': endsSoon('failed') }),
  hostile("a stage's output pipe is removed", { 'output-is-gone': failsSoonWith(3) }),
  hostile("a stage's script is a link to /dev/zero", { 'script-is-a-device': failsSoonWith(3) }),
  hostile('everything in /builds is removed', { 'builds-are-gone': endsSoon('failed') }),
  hostile('/builds is full of links that artifacts follow', { 'builds-are-links': endsSoon() }),
  hostile('20 MB of zeros on standard output', { 'stdout-is-flooded': [succeeds()] }),
  hostile('20 MB of zeros on standard error', { 'stderr-is-flooded': [succeeds()] }),
  hostile("a process holds the stage's output open", {
    'output-is-held': [...succeedsWith('not waited for'), lastsAtMost(60)],
  }),
  hostile("the container's own log is flooded", { 'build-log-is-flooded': [succeeds()] }),
  hostile(
    'a cancelled script ignores TERM',
    { 'term-is-ignored': [endsWith('canceled')] },
    { during: cancelWhenStarted('term-is-ignored') },
  ),
  hostile(
    'a cancelled job has removed its control pipe',
    { 'cancel-finds-no-pipe': [endsWith('canceled')] },
    { during: cancelWhenStarted('cancel-finds-no-pipe') },
  ),
  hostile(
    'the job reads its own cancellation',
    { 'cancel-is-stolen': [endsWith('canceled')] },
    { during: cancelWhenStarted('cancel-is-stolen') },
  ),
  hostile('a script ignores its timeout', {
    'timeout-is-ignored': [failsFor('job_execution_timeout'), lastsAtMost(75)],
  }),
  hostile('a service writes endless output', { 'service-floods': succeedsWith('not held up') }),
  hostile('a service replaces the project by a link to /dev/zero', {
    'service-removes-the-project': endsSoon(),
  }),
];
