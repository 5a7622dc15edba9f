module serverless-gitlab-runner/conformance-kaniko

go 1.24.2

require github.com/GoogleContainerTools/kaniko v1.24.0
