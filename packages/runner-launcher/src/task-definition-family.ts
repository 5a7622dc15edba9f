/** Family of a task definition given as family, `family:revision` or ARN. */
export function familyOf(taskDefinition: string): string {
  const [name = ''] = taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1).split(':');
  return name;
}
