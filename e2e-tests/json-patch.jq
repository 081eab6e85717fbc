# Applies a JSON Patch (RFC 6902) with the operations that Kubewarden makes: add, remove and replace.

def steps($document):
  reduce (ltrimstr("/") | split("/")[] | gsub("~1"; "/") | gsub("~0"; "~")) as $step
    ({path: [], at: $document};
      (if (.at | type) != "array" then $step
       elif $step == "-" then .at | length
       else $step | tonumber end) as $key
      | .path += [$key]
      | .at = (.at | try .[$key] catch null))
  | .path;

def insert($path; $value):
  getpath($path[:-1]) as $parent
  | if ($parent | type) == "array"
    then setpath($path[:-1]; $parent[:$path[-1]] + [$value] + $parent[$path[-1]:])
    else setpath($path; $value) end;

def apply_patch($patch):
  reduce $patch[] as $change (.;
    . as $document
    | ($change.path | steps($document)) as $path
    | if $change.op == "add" then insert($path; $change.value)
      elif $change.op == "replace" then setpath($path; $change.value)
      elif $change.op == "remove" then delpaths([$path])
      else error("unknown operation \($change.op)") end);

# Returns the object that results from an admission request and its response.
def resulting($response):
  (.request // .).object
  | apply_patch(($response.patch // "W10=") | @base64d | fromjson);
