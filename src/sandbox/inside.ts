import { isAbsolute, relative } from 'node:path';

/** What has to be resolved before paths can be compared: segments that are dots, or empty. */
const UNRESOLVED = /\/\.{0,2}(?:\/|$)/;

/** Whether a path is the directory itself or below it. Lexical: both have to be absolute and free of links. */
export function isInside(directory: string, path: string): boolean {
  if (!UNRESOLVED.test(directory) && !UNRESOLVED.test(path)) {
    return path.startsWith(directory) && (path.length === directory.length || path[directory.length] === '/');
  }
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}
