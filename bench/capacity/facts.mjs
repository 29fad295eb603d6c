// Limits that are in the manifests and in the code. test/capacity.unit.spec.ts compares them with these.

/** Of an emptyDir of a pod, where replay, verify and republish keep their index: `sizeLimit` in service-pod.yaml. */
export const TEMPORARY_GB = 2 * 1.073_741_824;
/** `maxReplicas` of the autoscalers of accounts and orders. */
export const MAX_PODS = 6;
export const MIN_PODS = 2;
/** Default of KAFKA_TOPIC_PARTITIONS. */
export const DEFAULT_PARTITIONS = 6;
