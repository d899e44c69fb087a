#!/bin/sh
# On a node: what an image registry serves of the images that containerd has, as files for a web server, and containerd's word to ask
# that server for them. Some specs pull their image always, also where it is there.
set -eu

port=$1
# Hard links cost no space; they need the file system that containerd keeps its contents on.
root=/var/lib/containerd/conformance-registry
store=/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256
registry=registry.k8s.io

/opt/haup/bin/ctr --namespace k8s.io images list | while read -r name _ digest _; do
  case $name in "$registry"/*:*) ;; *) continue ;; esac
  path=${name#"$registry/"} tag=${name##*:}
  folder=$root/v2/${path%:*}
  manifest=$store/${digest#sha256:}
  mkdir -p "$folder/manifests" "$folder/blobs"
  ln -f "$manifest" "$folder/manifests/$tag"
  ln -f "$manifest" "$folder/manifests/$digest"
  grep -Eo '[0-9a-f]{64}' "$manifest" | while read -r blob; do ln -f "$store/$blob" "$folder/blobs/sha256:$blob"; done
done

cat >"$root/nginx.conf" <<END
worker_processes 1;
error_log /dev/stderr;
pid /run/nginx.pid;
events {}
http {
  access_log /dev/stdout;
  default_type application/vnd.oci.image.manifest.v1+json;
  server { listen 127.0.0.1:$port; root /registry; }
}
END
mkdir -p "/etc/containerd/certs.d/$registry"
echo "server = \"http://127.0.0.1:$port\"" >"/etc/containerd/certs.d/$registry/hosts.toml"
