import { InvalidArgumentError } from 'commander';
import { type JobArgument, readJobArgument } from '../why/job-argument.ts';

/** Parses the argument that names a job. @throws {InvalidArgumentError} */
export function jobArgument(text: string): JobArgument {
  const job = readJobArgument(text);
  if (job === undefined)
    throw new InvalidArgumentError("Write the job's number, such as 4711, or the URL of its page.");
  return job;
}
