import { endsWith, failsFor, lastsAtMost, succeeds, succeedsWith } from '../../expectations.ts';
import { cancelWhenBegun, endsSoon, failsSoonWith, hostile } from './expectations.ts';

/** Everything that a job can write to, filled, hung, or replaced by links, pipes and devices. */
export const FILES = [
  hostile(
    "the agent's file is a link to /dev/zero",
    { 'ready-is-endless': failsSoonWith(3) },
    { quick: true },
  ),
  hostile("the agent's file is a pipe that nobody writes to", { 'ready-is-a-pipe': failsSoonWith(3) }),
  hostile("the agent's file is a folder", { 'ready-is-a-folder': failsSoonWith(3) }),
  hostile("the agent's requests are removed", { 'requests-are-gone': endsSoon() }),
  hostile("the agent's requests are a file", { 'requests-are-a-file': endsSoon() }),
  hostile("the agent's requests are a device", { 'requests-are-a-device': endsSoon() }),
  hostile("the agent's requests are another pipe", { 'requests-are-a-pipe-of-its-own': endsSoon() }),
  hostile("the agent's folder is removed", { 'run-folder-is-gone': endsSoon() }),
  hostile("the agent's folder is a link to /", { 'run-folder-is-a-link': failsSoonWith(3) }),
  hostile("the agent's folder is full of names", { 'run-folder-is-full': endsSoon('failed') }),
  hostile('the names of later stages are links', { 'stages-are-links': endsSoon('failed') }),
  hostile('the shells and tools of the agent are removed', { 'tools-are-gone': failsSoonWith(3) }),
  hostile('the agent and its tools are other programs', { 'tools-are-others': failsSoonWith(3) }),
  hostile("somebody answers in the agent's place", { 'answer-is-forged': endsSoon() }),
  hostile('the exit code is a flood', { 'answer-is-flooded': endsSoon('failed') }),
  hostile("a stage's control pipe is used", { 'control-is-used': endsSoon('failed') }),
  hostile("a stage's output pipe is removed", { 'output-is-gone': failsSoonWith(3) }),
  hostile("a stage's script is a link to /dev/zero", { 'script-is-a-device': failsSoonWith(3) }),
  hostile('everything in /builds is removed', { 'builds-are-gone': endsSoon('failed') }),
  hostile('/builds is full of links, which artifacts follow', { 'builds-are-links': endsSoon() }),
  hostile('20 MB of zeros on standard output', { 'stdout-is-flooded': [succeeds()] }),
  hostile('20 MB of zeros on standard error', { 'stderr-is-flooded': [succeeds()] }),
  hostile("a process holds the stage's output open", {
    'output-is-held': [...succeedsWith('not waited for'), lastsAtMost(60)],
  }),
  hostile("the container's own log is flooded", { 'build-log-is-flooded': [succeeds()] }),
  hostile(
    'a cancelled script ignores TERM',
    { 'term-is-ignored': [endsWith('canceled')] },
    { during: cancelWhenBegun('term-is-ignored') },
  ),
  hostile(
    'a cancel finds no control pipe',
    { 'cancel-finds-no-pipe': [endsWith('canceled')] },
    { during: cancelWhenBegun('cancel-finds-no-pipe') },
  ),
  hostile(
    'a cancel is read by the job',
    { 'cancel-is-stolen': [endsWith('canceled')] },
    { during: cancelWhenBegun('cancel-is-stolen') },
  ),
  hostile('a script ignores its time-out', {
    'timeout-is-ignored': [failsFor('job_execution_timeout'), lastsAtMost(75)],
  }),
  hostile('a service writes without end', { 'service-floods': succeedsWith('not held up') }),
  hostile('a service replaces the project by a link to /dev/zero', {
    'service-removes-the-project': endsSoon(),
  }),
];
