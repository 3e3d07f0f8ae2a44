"""``python -m trainers fit --config CONFIG [--ckpt_path CKPT]``: LightningCLI over the shipped trainers."""

from trainers.cli import main

if __name__ == "__main__":
    main()
