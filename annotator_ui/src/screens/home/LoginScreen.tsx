export function LoginScreen() {
  return (
    <div className="page">
      <h1>Log in</h1>
    </div>
  );
}
