/** Formats and types of `Ci::JobArtifact` in GitLab that a runner may upload. */
export const ARTIFACT_FORMATS = ['raw', 'zip', 'gzip', 'zipzstd', 'tarzstd'] as const;
export const ARTIFACT_TYPES = [
  'archive',
  'metadata',
  'junit',
  'dotenv',
  'cobertura',
  'coverage_report',
  'codequality',
  'sast',
  'dast',
  'secret_detection',
  'dependency_scanning',
  'container_scanning',
  'license_scanning',
  'performance',
  'browser_performance',
  'load_performance',
  'accessibility',
  'terraform',
  'metrics',
  'metrics_referee',
  'network_referee',
  'requirements',
  'cyclonedx',
  'annotations',
  'repository_xray',
  'sbom_scanning',
] as const;

type ArtifactFormat = (typeof ARTIFACT_FORMATS)[number];
type ArtifactType = (typeof ARTIFACT_TYPES)[number];

/** A file that a job uploaded. */
export interface Artifact {
  type: ArtifactType;
  format: ArtifactFormat;
  filename: string;
  /** Bytes. */
  size: number;
  sha256: string;
  expireIn: string | null;
  /** Path of the stored file. */
  path: string;
  uploadedAt: Date;
}
