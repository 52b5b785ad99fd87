/** A mount of a cgroup hierarchy, or of a part of it. */
export interface CgroupMount {
  readonly version: 1 | 2;
  /** The group that the mount shows as its top: `/`, or a container's group. */
  readonly root: string;
  readonly mountPoint: string;
  readonly readOnly: boolean;
  /** The options of the file system; for version 1 its controllers are among them. */
  readonly superOptions: readonly string[];
}

/**
 * The cgroup mounts in a `/proc/<pid>/mountinfo`, in its order. Its fields are: id, parent id, device, root, mount
 * point, mount options, any number of optional fields, `-`, type, source, super options. Lines of another form are
 * left out.
 */
export function parseMountInfo(text: string): CgroupMount[] {
  return text.split('\n').flatMap((line): CgroupMount[] => {
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const [type, , superOptions] = fields.slice(separator + 1);
    if (separator < 0 || superOptions === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    const [root, mountPoint, mountOptions] = fields.slice(3, 6);
    const options = superOptions.split(',');
    return [
      {
        version: type === 'cgroup' ? 1 : 2,
        root: unescapeOctal(root!),
        mountPoint: unescapeOctal(mountPoint!),
        readOnly: mountOptions!.split(',').includes('ro') || options.includes('ro'),
        superOptions: options,
      },
    ];
  });
}

/** The kernel writes space, tab, newline and backslash as a backslash and three octal digits of a byte. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
