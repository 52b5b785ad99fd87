import { isAbsolute, relative } from 'node:path';

/** Whether a path is the directory itself or below it. Lexical: both have to be absolute and free of links. */
export function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}
