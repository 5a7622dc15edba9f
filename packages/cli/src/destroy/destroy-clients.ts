import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Clients, createClients } from '../clients.ts';

/** What removing an installation needs besides the clients of every command. */
export interface DestroyClients extends Clients {
  ecr: ECRClient;
  s3: S3Client;
  secrets: SecretsManagerClient;
}

export function createDestroyClients(): DestroyClients {
  return {
    ...createClients(),
    // ECS deletes task definitions at one a second: hundreds of them need patience.
    ecs: new ECSClient({ maxAttempts: 10, retryMode: 'adaptive' }),
    ecr: new ECRClient(),
    s3: new S3Client(),
    secrets: new SecretsManagerClient(),
  };
}
