/**
 * The beginning of a shim's script: the process joins the cgroups whose `procsFiles` come first among its arguments,
 * up to `--`. Where it cannot, it names the file on descriptor 3 and ends: nothing ever runs outside its limits.
 */
export const JOIN_CGROUPS = `while [ "$1" != -- ]; do
  echo 0 > "$1" || { echo "$1" >&3; exit 125; }
  shift
done
shift`;
