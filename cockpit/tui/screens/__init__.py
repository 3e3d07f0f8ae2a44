"""What covers the dashboard: modals, documents, help."""
