"""What the trace wrote down, for operators: attempts to link an account, at /traces/. English."""
