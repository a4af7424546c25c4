#!/usr/bin/env bash
# A real Kubernetes control plane and a real kubelet on loopback, without containers.
#
#   cluster.sh up WORKDIR            start everything; then: export KUBECONFIG=WORKDIR/kubeconfig
#   cluster.sh down WORKDIR          stop everything (files stay for post-mortems)
#   cluster.sh stop WORKDIR PART     SIGTERM one part;   kill WORKDIR PART: SIGKILL it
#   cluster.sh start WORKDIR PART    start it again
#   cluster.sh status WORKDIR        pid, memory and CPU time of each part
#
# PART is etcd, apiserver, controllers, scheduler, or kubelet-ADDRESS.
# Environment (read by up, then remembered in WORKDIR/settings):
#   KUBETESTBED  the program (default: kubetestbed beside this script)
#   PORT         first of 4 ports: API server, etcd, etcd peers, kubelet (16443)
#   NODES        loopback addresses, one kubelet each ("127.0.0.1"); "" for none
#   SCHEDULER    0 leaves the scheduler out (pods then need spec.nodeName)
#   APISERVER_FLAGS, CONTROLLERS_FLAGS, KUBELET_FLAGS   added at the end
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() { echo "cluster.sh: $*" >&2; exit 1; }
[ $# -ge 2 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2; }
verb=$1 part=${3:-}
mkdir -p "$2"; W=$(cd "$2" && pwd)
[ "$verb" = up ] || [ -f "$W/settings" ] || die "$W has no cluster"
if [ -f "$W/settings" ] && [ "$verb" != up ]; then . "$W/settings"; fi
: "${KUBETESTBED:=$here/kubetestbed}" "${PORT:=16443}" "${SCHEDULER:=1}"
: "${APISERVER_FLAGS:=}" "${CONTROLLERS_FLAGS:=}" "${KUBELET_FLAGS:=}"
NODES=${NODES-127.0.0.1}
API=https://127.0.0.1:$PORT ETCD=http://127.0.0.1:$((PORT + 1))
PEER=http://127.0.0.1:$((PORT + 2)) KUBELET=$((PORT + 3))
CONTROLLERS=
for c in deployment replicaset statefulset daemonset job cronjob endpointslice namespace \
  serviceaccount garbage-collector pod-garbage-collector root-ca-certificate-publisher \
  clusterrole-aggregation horizontal-pod-autoscaler disruption ttl-after-finished \
  resourcequota node-lifecycle taint-eviction; do
  CONTROLLERS+=${CONTROLLERS:+,}$c-controller
done

pki() { # one CA; serving and kubelet-client certificates; service account key; tokens
  local P=$W/pki; mkdir -p "$P"
  [ -f "$P/ca.crt" ] && return
  key() { openssl ecparam -name prime256v1 -genkey -noout -out "$P/$1.key"; }
  key ca; key apiserver; key kubelet-client; openssl genrsa -out "$P/sa.key" 2048 2>/dev/null
  openssl rsa -in "$P/sa.key" -pubout -out "$P/sa.pub" 2>/dev/null
  openssl req -x509 -new -key "$P/ca.key" -subj /CN=testbed-ca -days 3650 -out "$P/ca.crt" \
    -addext keyUsage=critical,keyCertSign,digitalSignature
  sign() { # NAME SUBJECT EXTENSIONS
    openssl req -new -key "$P/$1.key" -subj "$2" |
      openssl x509 -req -CA "$P/ca.crt" -CAkey "$P/ca.key" \
      -CAcreateserial -days 3650 -out "$P/$1.crt" -extfile <(printf '%b' "$3") 2>/dev/null; }
  local names=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default
  sign apiserver /CN=kube-apiserver "extendedKeyUsage=serverAuth\nsubjectAltName=$names\n"
  sign kubelet-client /O=system:masters/CN=apiserver-kubelet-client 'extendedKeyUsage=clientAuth\n'
  token() { openssl rand -hex 16; }
  local a c s n line=; a=$(token) c=$(token) s=$(token)
  { echo "$a,admin,admin,\"system:masters\""
    echo "$c,system:kube-controller-manager,controllers,\"system:masters\""
    echo "$s,system:kube-scheduler,scheduler"; } >"$P/tokens.csv"
  config kubeconfig "$a"; config pki/controllers.conf "$c"; config pki/scheduler.conf "$s"
  for n in $NODES; do
    line=$(token)
    echo "$line,system:node:$n,$n,\"system:nodes\"" >>"$P/tokens.csv"
    config "pki/kubelet-$n.conf" "$line"
  done
  echo "$a" >"$W/token"; cp "$P/ca.crt" "$W/ca.crt"; chmod 600 "$W/token" "$P"/*.key "$P/tokens.csv"
}
config() { # FILE TOKEN
  cat >"$W/$1" <<END
apiVersion: v1
kind: Config
clusters: [{name: testbed, cluster: {server: "$API", certificate-authority: "$W/pki/ca.crt"}}]
users: [{name: me, user: {token: "$2"}}]
contexts: [{name: testbed, context: {cluster: testbed, user: me}}]
current-context: testbed
END
  chmod 600 "$W/$1"
}

spawn() { # NAME COMMAND... : in the background, its own session, log and pid file
  local name=$1; shift; mkdir -p "$W/log" "$W/run"
  alive "$name" && return 0
  setsid "$@" >>"$W/log/$name.log" 2>&1 </dev/null &
  echo $! >"$W/run/$name.pid"
}
pid() { cat "$W/run/$1.pid" 2>/dev/null; }
alive() { local p; p=$(pid "$1") && [ -n "$p" ] && kill -0 "$p" 2>/dev/null; }
start() {
  local P=$W/pki
  case $1 in
  etcd)
    spawn etcd "$KUBETESTBED" etcd --data-dir "$W/etcd" --client-url "$ETCD" --peer-url "$PEER" ;;
  apiserver) # shellcheck disable=SC2086
    spawn apiserver "$KUBETESTBED" kube-apiserver --etcd-servers="$ETCD" \
      --bind-address=127.0.0.1 --secure-port="$PORT" --advertise-address=127.0.0.1 \
      --endpoint-reconciler-type=none --service-cluster-ip-range=10.96.0.0/16 \
      --tls-cert-file="$P/apiserver.crt" --tls-private-key-file="$P/apiserver.key" \
      --client-ca-file="$P/ca.crt" --token-auth-file="$P/tokens.csv" \
      --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
      --service-account-issuer=https://kubernetes.default.svc \
      --service-account-key-file="$P/sa.pub" --service-account-signing-key-file="$P/sa.key" \
      --kubelet-preferred-address-types=InternalIP \
      --kubelet-client-certificate="$P/kubelet-client.crt" \
      --kubelet-client-key="$P/kubelet-client.key" --allow-privileged=true --profiling=false \
      --shutdown-delay-duration=0s $APISERVER_FLAGS ;;
  controllers) # shellcheck disable=SC2086
    spawn controllers "$KUBETESTBED" kube-controller-manager --kubeconfig="$P/controllers.conf" \
      --leader-elect=false --secure-port=0 --kube-api-qps=500 --kube-api-burst=500 \
      --controllers="$CONTROLLERS" --root-ca-file="$P/ca.crt" \
      --service-account-private-key-file="$P/sa.key" --use-service-account-credentials=false \
      $CONTROLLERS_FLAGS ;;
  scheduler)
    spawn scheduler "$KUBETESTBED" kube-scheduler --kubeconfig="$P/scheduler.conf" \
      --leader-elect=false --secure-port=0 --kube-api-qps=500 --kube-api-burst=500 ;;
  kubelet-*) # it opens the kernel's log; who may not is let off only in a user namespace
    local -a userns=(); (: </dev/kmsg) 2>/dev/null || userns=(unshare --user --map-root-user)
    # shellcheck disable=SC2086
    spawn "$1" "${userns[@]}" "$KUBETESTBED" kubelet --dir "$W/$1" --node "${1#kubelet-}" \
      --port "$KUBELET" --kubeconfig "$P/$1.conf" --client-ca "$P/ca.crt" \
      --env "TESTBED_SHARED=$W/shared" $KUBELET_FLAGS ;;
  *) die "no part named $1" ;;
  esac
}
stop() { # PART SIGNAL
  local p n=0; p=$(pid "$1") || return 0
  kill -"$2" "$p" 2>/dev/null || true
  while kill -0 "$p" 2>/dev/null; do
    n=$((n + 1)); [ $n -lt 100 ] || { kill -KILL "$p" 2>/dev/null || true; }
    sleep 0.1
  done
  rm -f "$W/run/$1.pid"
}
ready() { # waits for "ok" from the API server
  local n=0
  local bearer; bearer="Authorization: Bearer $(cat "$W/token")"
  until [ "$(curl -s --cacert "$W/ca.crt" -H "$bearer" "$API/readyz" 2>/dev/null)" = ok ]; do
    n=$((n + 1)); [ $n -lt 600 ] || die "no API server after 60 s; see $W/log/apiserver.log"
    alive apiserver || die "the API server ended; see $W/log/apiserver.log"
    sleep 0.1
  done
}
parts() {
  echo etcd apiserver controllers
  [ "$SCHEDULER" = 0 ] || echo scheduler
  for n in $NODES; do echo "kubelet-$n"; done
}

case $verb in
up)
  [ -x "$KUBETESTBED" ] || die "no program at $KUBETESTBED (see README.md)"
  declare -p KUBETESTBED PORT NODES SCHEDULER APISERVER_FLAGS CONTROLLERS_FLAGS KUBELET_FLAGS |
    sed 's/^declare -[-x]*/declare -g/' >"$W/settings"
  mkdir -p "$W/shared"
  t0=$(date +%s%N); pki; start etcd; start apiserver; ready; t1=$(date +%s%N)
  for p in $(parts); do start "$p"; done
  k() { KUBECONFIG=$W/kubeconfig "$KUBETESTBED" kubectl "$@"; }
  n=0; until k get serviceaccount default >/dev/null 2>&1; do
    n=$((n + 1)); [ $n -lt 300 ] || die "no default service account"; sleep 0.1; done
  for node in $NODES; do
    n=0; until k wait --for=condition=Ready "node/$node" --timeout=30s >/dev/null 2>&1; do
      n=$((n + 1)); [ $n -lt 100 ] || die "$node is not ready; see $W/log/kubelet-$node.log"
      sleep 0.2; done
  done
  t2=$(date +%s%N)
  echo "API server ready after $(((t1 - t0) / 1000000)) ms, cluster after" \
    "$(((t2 - t0) / 1000000)) ms: export KUBECONFIG=$W/kubeconfig" ;;
down) for p in $(parts | tr ' ' '\n' | tac); do stop "$p" TERM; done ;;
start) start "$part"; [ "$part" != apiserver ] || ready ;;
stop) stop "$part" TERM ;;
kill) stop "$part" KILL ;;
status)
  for p in $(parts); do
    if alive "$p"; then
      q=$(pid "$p"); rss=$(awk '/VmRSS/{print int($2/1024)}' "/proc/$q/status")
      cpu=$(awk -v hz="$(getconf CLK_TCK)" '{print ($14+$15)/hz}' "/proc/$q/stat")
      echo "$p pid $q rss $rss MiB cpu $cpu s"
    else echo "$p not running"; fi
  done ;;
*) die "no verb $verb" ;;
esac
