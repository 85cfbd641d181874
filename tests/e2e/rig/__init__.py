"""Real servers for end-to-end tests, the demo and the benchmark: Kubernetes (cluster), the AWS
stand-in (aws) and podidentity itself (controller), all on 127.0.0.1 and gone with their owner."""
