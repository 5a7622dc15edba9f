"""What Fargate refuses, as functions that raise the error AWS answers with."""
