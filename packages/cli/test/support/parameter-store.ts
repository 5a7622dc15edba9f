import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  GetParameterCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';

/** Thrown instead of a call, where a process dies. */
export class DeathError extends Error {}

/** Parameter Store in memory. A process that uses it may die before any of its writes. */
export class ParameterStore {
  readonly values: Map<string, string>;
  readonly tags = new Map<string, string>();
  readonly client = new SSMClient({ region: 'eu-west-1' });
  /** Writes until the process dies. */
  writesLeft = Number.POSITIVE_INFINITY;

  constructor(values: Record<string, string>) {
    this.values = new Map(Object.entries(values));
    const mock = mockClient(this.client);
    mock.on(GetParameterCommand).callsFake(({ Name }) => {
      const Value = this.values.get(Name);
      if (Value === undefined) throw Object.assign(new Error('no'), { name: 'ParameterNotFound' });
      return { Parameter: { Name, Value, LastModifiedDate: new Date(0) } };
    });
    mock
      .on(PutParameterCommand)
      .callsFake(({ Name, Value }) => this.#write(() => this.values.set(Name, Value)));
    mock.on(DeleteParameterCommand).callsFake(({ Name }) => this.#write(() => this.values.delete(Name)));
    mock.on(AddTagsToResourceCommand).callsFake(({ Tags }) =>
      this.#write(() => {
        for (const { Key, Value } of Tags) this.tags.set(Key, Value);
      }),
    );
    mock.on(ListTagsForResourceCommand).callsFake(() => ({
      TagList: [...this.tags].map(([Key, Value]) => ({ Key, Value })),
    }));
  }

  #write(write: () => unknown): object {
    if (this.writesLeft === 0) throw new DeathError('died before a write');
    this.writesLeft -= 1;
    write();
    return {};
  }
}
