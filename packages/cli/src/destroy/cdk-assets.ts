import { BatchDeleteImageCommand, DescribeImagesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import type { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { OperationError } from '../operation-error.ts';
import { parseJson } from '../parse-json.ts';
import { deleteObjects, objectVersions } from './buckets.ts';
import { chunks, type ResourceKind, unlessGone } from './resource-kind.ts';

/** What CDK uploaded for a stack, as its template names it. CDK names both by a digest of their content. */
export interface CdkAssets {
  /** `repository:tag` */
  images: string[];
  /** `bucket/key` */
  bundles: string[];
}

const codeSchema = z.object({
  Code: z.object({
    S3Bucket: z.union([z.string(), z.object({ 'Fn::Sub': z.string() }).transform((sub) => sub['Fn::Sub'])]),
    S3Key: z.string(),
  }),
});
const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown().optional() })),
});

/** The distinct images and bundles of CDK's repository and bucket that a template names. */
export function assetsIn(template: string, region: string, account: string): CdkAssets {
  const text = template.replaceAll(`\${AWS::AccountId}`, account).replaceAll(`\${AWS::Region}`, region);
  const images = text.matchAll(/\/([a-z0-9-]+-container-assets-[a-z0-9-]+):([0-9a-f]{64})/g);
  return {
    images: [...new Set([...images].map(([, repository, tag]) => `${repository}:${tag}`))],
    bundles: bundlesIn(text),
  };
}

function bundlesIn(text: string): string[] {
  const template = templateSchema.safeParse(parseJson(text)).data;
  const found = Object.values(template?.Resources ?? {}).flatMap(({ Type, Properties }) => {
    const code = Type === 'AWS::Lambda::Function' ? codeSchema.safeParse(Properties).data?.Code : undefined;
    const isCdks =
      code && /^cdk-[a-z0-9]+-assets-/.test(code.S3Bucket) && /^[0-9a-f]{64}\.zip$/.test(code.S3Key);
    return isCdks ? [`${code.S3Bucket}/${code.S3Key}`] : [];
  });
  return [...new Set(found)];
}

/** Images in CDK's repository. */
export function cdkImages(ecr: ECRClient, images: readonly string[]): ResourceKind {
  return {
    what: "images in CDK's repository",
    async list() {
      const existing: string[] = [];
      for (const image of images) {
        const { repositoryName, imageTag } = imageOf(image);
        await unlessGone(GONE_IMAGE, async () => {
          const { imageDetails = [] } = await ecr.send(
            new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }),
          );
          if (imageDetails.length > 0) existing.push(image);
        });
      }
      return existing;
    },
    async remove(names) {
      for (const [repositoryName, own] of Map.groupBy(names.map(imageOf), (image) => image.repositoryName))
        for (const part of chunks(own, 100))
          await unlessGone(GONE_IMAGE, async () => {
            const imageIds = part.map(({ imageTag }) => ({ imageTag }));
            const { failures = [] } = await ecr.send(
              new BatchDeleteImageCommand({ repositoryName, imageIds }),
            );
            const [failed] = failures.filter(({ failureCode }) => failureCode !== 'ImageNotFound');
            if (failed)
              throw new OperationError(
                `ECR did not delete ${repositoryName}:${failed.imageId?.imageTag}: ${failed.failureReason}`,
              );
          });
      return [];
    },
  };
}

const GONE_IMAGE = /^(Image|Repository)NotFoundException$/;

function imageOf(image: string): { repositoryName: string; imageTag: string } {
  const colon = image.lastIndexOf(':');
  return { repositoryName: image.slice(0, colon), imageTag: image.slice(colon + 1) };
}

/** The Lambdas' bundles in CDK's bucket, which keeps versions. */
export function cdkBundles(s3: S3Client, bundles: readonly string[]): ResourceKind {
  return {
    what: "the Lambdas' bundles in CDK's bucket",
    async list() {
      const existing: string[] = [];
      for (const bundle of bundles) {
        const { Bucket, Prefix } = objectOf(bundle);
        await unlessGone(/^NoSuchBucket$/, async () => {
          if ((await objectVersions(s3, Bucket, { Prefix })).length > 0) existing.push(bundle);
        });
      }
      return existing;
    },
    async remove(names) {
      for (const bundle of names) {
        const { Bucket, Prefix } = objectOf(bundle);
        await unlessGone(/^NoSuchBucket$/, () => deleteObjects(s3, Bucket, { Prefix }, () => undefined));
      }
      return [];
    },
  };
}

/** A key is a digest with a suffix, so no other key begins with it. */
function objectOf(bundle: string): { Bucket: string; Prefix: string } {
  const slash = bundle.indexOf('/');
  return { Bucket: bundle.slice(0, slash), Prefix: bundle.slice(slash + 1) };
}
