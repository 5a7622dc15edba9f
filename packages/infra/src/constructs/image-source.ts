import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, type DockerImageAssetProps } from 'aws-cdk-lib/aws-ecr-assets';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** A container image: a public registry's name, an ECR repository with a tag, or a Dockerfile that CDK builds and pushes. */
export type ImageSource =
  | string
  | { readonly repository: IRepository; readonly tag: string }
  | DockerImageAssetProps;

export interface ResolvedImage {
  readonly uri: string;
  /** Lets a task's execution role pull the image; does nothing for a public registry. */
  grantPull(executionRole: IRole): void;
}

/** Resolves an image's source to its name; creates the CDK asset if the image must be built. */
export function resolveImage(scope: Construct, id: string, source: ImageSource): ResolvedImage {
  if (typeof source === 'string') return { uri: source, grantPull: () => undefined };
  if ('repository' in source) {
    const { repository, tag } = source;
    return {
      uri: repository.repositoryUriForTag(tag),
      grantPull: (role) => void repository.grantPull(role),
    };
  }
  const asset = new DockerImageAsset(scope, id, source);
  return { uri: asset.imageUri, grantPull: (role) => void asset.repository.grantPull(role) };
}
