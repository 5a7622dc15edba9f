export {
  CERTIFICATES_LENGTH,
  type Certificate,
  certificatesText,
  InvalidCertificatesError,
  parseCertificates,
} from './certificates.ts';
export { type EcrRegistry, parseEcrRegistry } from './ecr-registry.ts';
export {
  estimateCostUsd,
  FARGATE_PRICES,
  type FargatePrices,
  type FargateUsage,
  fargatePricesOf,
  fargatePricesSchema,
  IPV4_HOUR_USD,
  type RegionPrices,
} from './fargate-prices.ts';
/** Shared by the Lambdas, the manager and infra: fleet configuration, parameter names, tags and task families. */
export {
  type Architecture,
  architectureSchema,
  type CapacityProvider,
  capacityProviderSchema,
  DEFAULT_MANAGER_SIZE,
  type FargateSize,
  isFargateSize,
  memoryStepsFor,
  nextFargateSize,
} from './fargate-sizes.ts';
export {
  checkIntervalSecondsOf,
  type FleetConfig,
  type FleetConfigInput,
  fleetConfigSchema,
  parseFleetConfig,
  safetyLaunchSecondsOf,
} from './fleet-config.ts';
export {
  type ImageSource,
  imageSource,
  isByDigest,
  isComparable,
  normalizedPath,
  registryPath,
  tagOf,
} from './image-names.ts';
export { fleetsOf, type ListedFleet, type ListedParameter } from './listed-fleets.ts';
export {
  BASE_LOG_FIELDS,
  DECIDED_JOB_FIELDS,
  JOB_ENDS,
  type JobEnd,
  LOG_LINES,
  logGroupNames,
} from './log-lines.ts';
export {
  DEFAULT_PARAMETER_PREFIX,
  fleetOfConfigParameter,
  fleetOfWebhookRunnerToken,
  fleetSecretsPath,
  fleetSettingsPath,
  fleetsPath,
  installationSettingsName,
  isWebhookRunnerToken,
  jobSecretsPath,
  type ParameterNames,
  parameterNames,
  parameterPrefixSchema,
  settingsPath,
  webhookRunnerTokenName,
} from './parameter-names.ts';
export { InvalidFleetConfigError } from './parse-document.ts';
export { ALL_STACKS, type ServiceName, SHARED_STACK, SINGLE_STACK, serviceStack } from './stack-names.ts';
export {
  aheadTaskGroup,
  BUILD_CONTAINER,
  familyOf,
  fleetOfJobFamily,
  HELPER_CONTAINER,
  INVALID_FLEET_EXIT_CODE,
  isAheadGroup,
  JOB_FAMILY_PREFIX,
  jobFamilyPrefix,
  jobOfGroup,
  jobTaskGroup,
  MANAGER_CONTAINER,
  MANAGER_ENVIRONMENT,
  MANAGER_FAMILY_PREFIX,
  MANAGER_STARTED_BY,
  managerFamily,
  ownerOfFamily,
  RUNNER_TOKEN_REFUSED_EXIT_CODE,
  taskIdOf,
} from './task-families.ts';
export { TAG, type TaskRole, type TaskTag, tagValue, toTags } from './task-tags.ts';
export { parseWebhookSettings, type WebhookSettings } from './webhook-settings.ts';
