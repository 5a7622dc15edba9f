/** The place with the longest `where` that contains the path. */
export function closest<Place extends { where: string }>(
  path: string,
  places: readonly Place[],
): Place | undefined {
  return places
    .filter(({ where }) => path === where || path.startsWith(`${where}/`))
    .sort((one, other) => other.where.length - one.where.length)[0];
}
