module refit.test/tools/capi

go 1.24.0

// Nothing of it is built: its folder holds the CRDs.
require sigs.k8s.io/cluster-api v1.14.0
