#!/bin/sh
# Waits until an etcd that has been told to start serves: it says so itself, when it has found a leader.
: "${unit?}"

timeout 2 systemctl start "$unit" 2>/dev/null || {
  [ $? -eq 124 ] || sleep 0.5
  not_yet "$unit" 'etcd: serving'
}
